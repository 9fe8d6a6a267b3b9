"""A list that a flow made: printed, and with the person's consent kept, ticked, reminded of."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum

from flows.engine import screens
from flows.engine.asking import Asking, option_buttons, submission
from flows.engine.events import Button, Kind, PrintList, Remind
from flows.engine.fast_replace import replace
from flows.engine.flow import Entry, Flow, Listing, Path
from flows.engine.questions import Choice, Option
from flows.engine.state import Asked, MadeList
from flows.engine.text import Text, _, button, row


class Screen(StrEnum):
    """What is asked about a list: whether to keep it, what to do with it, what is ready."""

    LIST = "~list"
    KEEP = "~keep"
    MINE = "~mine"
    TICK = "~tick"


# While one of these is open, a list that was made may yet be kept.
OFFERS = (Screen.LIST, Screen.KEEP)
CONTROL = "!list"
REMIND_DAYS = 7
# Where a paper is when nothing more is to be done about it.
READY = ("checked", "sending", "accepted")

WHAT_NEXT = _(
    "You can print the list or save it; the link works for 30 minutes. If you like, the list is"
    " kept here, and you tick what is ready."
)
PRINTED = _("Here is your list to print or to save. The link works for 30 minutes.")
NOT_KEPT = _("Nothing was kept. You can make the list again at any time.")
KEPT = _("Your list is kept. You find it under “My papers”.")
DROPPED = _("Your list is no longer kept.")
READY_SO_FAR = _("Your list: {programme}. Ready: {ready} of {all}.")
TICKED = _("☑ {number}. {paper}")
OPEN = _("☐ {number}. {paper}")
WHICH = _("Which paper? You can also write its number.")
WILL_REMIND = _(
    "We will write once, on {date}: “There is something to look at.” It says nothing else."
)
WILL_NOT_REMIND = _("We will not remind you.")

PRINT = button("Print or save")


class Keeping(Asking):
    """What becomes of a list after the flow that made it."""

    def _finish(self, flow: Flow, road: Path) -> None:
        entries = flow.listing.entries(road.answers, self.today) if flow.listing else ()
        if flow.listing is None or not entries:
            return super()._finish(flow, road)
        outcome = flow.outcome(submission(flow, road, self._form(flow)), self.today)
        self.notes += [(text,) for text in outcome.texts]
        self.effects += outcome.effects
        self._drop_form(flow)
        kept = {each.name: road.answers.get(each.name) for each in flow.listing.persisted}
        self.c = replace(self.c, flow="", suspended_flow="", draft_list=MadeList(flow.name, kept))
        self._hand_out(PrintList(flow.name, dict(road.answers)))
        self._ask_screen(_offer())

    def _hand_out(self, sheet: PrintList) -> None:
        """A message of its own, since a link stands alone on some channels."""
        self.effects.append(sheet)
        self.replaces = False
        self._say((), (Button("", PRINT, Kind.LINK),))

    def _listing(self, made: MadeList | None) -> Listing | None:
        flow = self.flows.get(made.flow) if made else None
        return flow.listing if flow else None

    def _answer_list(self, asked: Asked, key: str) -> None:
        match asked.key, key:
            case Screen.LIST, "keep":
                self._keep_list()
            case Screen.KEEP, "yes":
                self._agreed(asked)
            case Screen.KEEP, _:
                self.c = replace(self.c, draft_list=None)
                self._say_and_reprompt(NOT_KEPT)
            case Screen.MINE, "tick":
                self._ask_ticks()
            case Screen.MINE, "print":
                self._print()
            case Screen.MINE, "remind" | "silent":
                self._remind(key == "remind")
            case Screen.MINE, "again":
                self._make_again()
            case Screen.MINE, "drop":
                self._drop_list()
            case Screen.TICK, _:
                self._tick(asked, key)
            case _:
                self.ask()

    # Keeping it

    def _keep_list(self) -> None:
        listing = self._listing(self.c.draft_list)
        if listing is None:
            return self.ask()
        if self.c.consents.get(listing.consent.purpose) == listing.consent.text.msgid:
            return self._put_list()
        self._ask_screen(replace(listing.consent, name=Screen.KEEP))

    def _agreed(self, asked: Asked) -> None:
        listing = self._listing(self.c.draft_list)
        if listing is None:
            return self.ask()
        self.c = replace(self.c, asked=asked)
        self._consented(listing.consent)
        self._put_list()

    def _put_list(self) -> None:
        """The new list takes the old one's place; what was ticked stays ticked."""
        before, made = self.c.saved_list, self.c.draft_list
        if made is not None and before is not None:
            made = replace(made, ticked=before.ticked, remind=before.remind)
        self.c = replace(self.c, saved_list=made, draft_list=None)
        self.notes.append((KEPT,))
        self._open_list()

    def _make_again(self) -> None:
        flow = self.flows.get(self.c.saved_list.flow) if self.c.saved_list else None
        if flow is not None:
            self.c = replace(self.c, flow=flow.name)
        self.ask()

    def _drop_list(self) -> None:
        listing = self._listing(self.c.saved_list)
        purpose = listing.consent.purpose if listing else ""
        consents = {name: text for name, text in self.c.consents.items() if name != purpose}
        self.c = replace(self.c, saved_list=None, consents=consents)
        self.effects.append(Remind(0))
        self._say_and_reprompt(DROPPED)

    # The kept list

    def _open_list(self) -> None:
        mine, listing = self.c.saved_list, self._listing(self.c.saved_list)
        if mine is None or listing is None:
            return self.ask()
        states = screens.paper_lines(self.flows.values(), self.c.papers)
        if states:
            self.notes.append(states)
        self._ask_screen(self._mine(mine, listing), paragraph=tuple(self._lines(mine, listing)))

    def _lines(self, mine: MadeList, listing: Listing) -> Iterator[Text]:
        entries = listing.entries(mine.answers, self.today)
        ready = self._ready(entries)
        title, done = listing.title(mine.answers), len(ready)
        yield _(READY_SO_FAR.msgid, programme=title, ready=done, all=len(entries))
        for number, each in enumerate(entries, 1):
            line = TICKED if each.key in ready else OPEN
            yield _(line.msgid, number=number, paper=each.name)

    def _mine(self, mine: MadeList, listing: Listing) -> Choice:
        offers = listing.reminds(mine.answers) and not self.c.muted
        reminding = mine.remind is not None and mine.remind > self.today
        among = (
            (True, Option("tick", button("Tick a paper"))),
            (True, Option("print", PRINT)),
            (reminding, Option("silent", button("Do not remind me"))),
            (offers and not reminding, Option("remind", button("Remind me"))),
            (True, Option("again", button("Make a new list"))),
            (True, Option("drop", button("Keep it no longer"))),
            (True, Option("menu", button("Menu"))),
        )
        shown = tuple(option for use, option in among if use)
        return Choice(name=Screen.MINE, label=button("My papers"), text=READY_SO_FAR, among=shown)

    def _ready(self, entries: tuple[Entry, ...]) -> tuple[str, ...]:
        """Keys of what was ticked, or was sent and not turned back."""
        ticked = self.c.saved_list.ticked if self.c.saved_list else ()
        return tuple(
            each.key
            for each in entries
            if each.key in ticked or (each.paper and self.c.papers.get(each.paper) in READY)
        )

    def _ask_ticks(self, page: int = 0) -> None:
        mine, listing = self.c.saved_list, self._listing(self.c.saved_list)
        if mine is None or listing is None:
            return self.ask()
        entries = enumerate(listing.entries(mine.answers, self.today), 1)
        # By number, since names of papers are longer than a label may be.
        offered = tuple(
            Option(each.key, _label(number, on=each.key in mine.ticked)) for number, each in entries
        )
        asked = self._put_asked("", Screen.TICK, 1, offered, page)
        back = Button(CONTROL, button("Back"), Kind.CONTROL)
        buttons = (*option_buttons(asked.nonce, offered, page), back, *self._to_a_person())
        self._say((tuple(self._lines(mine, listing)), (WHICH,)), buttons)

    def _tick(self, asked: Asked, key: str) -> None:
        mine = self.c.saved_list
        if mine is None:
            return self.ask()
        others = tuple(each for each in mine.ticked if each != key)
        ticked = others if key in mine.ticked else (*others, key)
        self.c = replace(self.c, saved_list=replace(mine, ticked=ticked))
        self._ask_ticks(asked.page)

    def _print(self) -> None:
        mine, listing = self.c.saved_list, self._listing(self.c.saved_list)
        if mine is None or listing is None:
            return self.ask()
        ready = self._ready(listing.entries(mine.answers, self.today))
        self.notes.append((PRINTED,))
        self._hand_out(PrintList(mine.flow, mine.answers, ready))
        self._open_list()

    # Reminding of it

    def _remind(self, on: bool) -> None:
        mine = self.c.saved_list
        if mine is None:
            return self.ask()
        when = self.today + timedelta(days=REMIND_DAYS) if on else None
        self.c = replace(self.c, saved_list=replace(mine, remind=when))
        self.effects.append(Remind(REMIND_DAYS if on else 0))
        said = WILL_NOT_REMIND if when is None else _(WILL_REMIND.msgid, date=when)
        self.notes.append((said,))
        self._open_list()

    def _forget_reminder(self) -> None:
        if self.c.saved_list is not None and self.c.saved_list.remind is not None:
            self.c = replace(self.c, saved_list=replace(self.c.saved_list, remind=None))
            self.effects.append(Remind(0))


def _offer() -> Choice:
    among = (Option("keep", button("Keep this list")), Option("menu", button("Menu")))
    return Choice(name=Screen.LIST, label=button("My papers"), text=WHAT_NEXT, among=among)


def _label(number: int, *, on: bool) -> Text:
    if on:
        return row("Untick no. {number}", number=number)
    return row("Tick no. {number}", number=number)
