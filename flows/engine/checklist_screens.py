"""Checklist screens: print a checklist; with consent, store it, tick entries, set a reminder."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum

from flows import lifetimes
from flows.engine import labels, screens
from flows.engine.blocks import tick
from flows.engine.edition import plain_date
from flows.engine.events import Button, Kind, PrintList, Remind
from flows.engine.fast_replace import replace
from flows.engine.flow import Entry, Flow, Listing, Path
from flows.engine.model_events import WatchList
from flows.engine.options import Option
from flows.engine.questions import Choice
from flows.engine.state import Asked, MadeList
from flows.engine.text import Text, _, button, row
from flows.engine.turn import TurnState, option_buttons, submission


class Screen(StrEnum):
    """Keys of the checklist screens: offer to store, consent, stored list, ticking, alerts."""

    LIST = "~list"
    KEEP = "~keep"
    MINE = "~mine"
    TICK = "~tick"
    CHANGES = "~changes"


# Screens that offer to store a new checklist. While one of them is open, the conversation keeps the
# checklist, which is not stored yet.
OFFERS = (Screen.LIST, Screen.KEEP)
CONTROL = "!list"
# States of an upload that require nothing more from the person. The entry of the uploaded paper
# then counts as ready.
READY = ("checked", "sending", "accepted")

WHAT_NEXT = _(
    "You can print the list or save it; the link works for 30 minutes. If you like, we keep "
    "the list here, and you can tick what is ready."
)
PRINTED = _("Here is your list to print or to save. The link works for 30 minutes.")
NOT_KEPT = _("Nothing was kept. You can make the list again at any time.")
KEPT = _("Your list is kept. You find it under “{my_papers}”.", my_papers=labels.MY_PAPERS)
DROPPED = _("Your list is deleted.")
READY_SO_FAR = _("Your list: {programme}. Ready: {ready} of {all}.")
TICKED = _("☑ {number}. {paper}")
OPEN = _("☐ {number}. {paper}")
WHICH = _("Which paper? You can also write its number.")
WILL_REMIND = _(
    "We will write once, on {date}: “There is a new message for you.” The message says "
    "nothing else."
)
WILL_TELL = _("We will write to you when a rule of your list changes.")
WILL_NOT_TELL = _("We will not write to you about changes.")
WILL_NOT_REMIND = _("We will not remind you.")

PRINT = button("Print or save")


def offer_list(turn: TurnState, flow: Flow, path: Path) -> bool:
    """Send the checklist that a finished flow made, and offer to store it.

    Returns False if the flow makes no checklist or the checklist is empty.
    """
    entries = flow.listing.entries(path.answers, turn.today, ()) if flow.listing else ()
    if flow.listing is None or not entries:
        return False
    outcome = flow.outcome(submission(flow, path, turn.form(flow)), turn.today)
    turn.notes += [(text,) for text in outcome.texts]
    turn.effects += outcome.effects
    turn.drop_form(flow)
    kept = {each.name: path.answers.get(each.name) for each in flow.listing.persisted}
    new_list = MadeList(flow.name, kept, entries=flow.listing.keys(path.answers))
    turn.c = replace(turn.c, flow="", suspended_flow="", draft_list=new_list)
    _send_print_link(turn, PrintList(flow.name, dict(path.answers)))
    turn.ask_screen(_offer())
    return True


def _send_print_link(turn: TurnState, sheet: PrintList) -> None:
    """Send the link to the printable list in a separate message, as some channels require."""
    turn.effects.append(sheet)
    turn.replaces = False
    turn.say((), (Button("", PRINT, Kind.LINK),))


def _listing(turn: TurnState, checklist: MadeList | None) -> Listing | None:
    flow = turn.flows.get(checklist.flow) if checklist else None
    return flow.listing if flow else None


def answer(turn: TurnState, asked: Asked, key: str) -> None:
    match asked.key, key:
        case Screen.LIST, "keep":
            _keep_list(turn)
        case Screen.KEEP, "yes":
            _accept_keeping(turn, asked)
        case Screen.KEEP, _:
            turn.c = replace(turn.c, draft_list=None)
            turn.say_and_reprompt(NOT_KEPT)
        case Screen.MINE, "tick":
            ask_ticks(turn)
        case Screen.MINE, "print":
            _print(turn)
        case Screen.MINE, "remind" | "silent":
            _remind(turn, on=key == "remind")
        case Screen.MINE, "watch":
            _ask_changes(turn)
        case Screen.MINE, "unwatch":
            _watch(turn, on=False)
        case Screen.CHANGES, "yes":
            _accept_changes(turn, asked)
        case Screen.CHANGES, _:
            open_list(turn)
        case Screen.MINE, "again":
            _make_again(turn)
        case Screen.MINE, "drop":
            _drop_list(turn)
        case Screen.TICK, _:
            _tick(turn, asked, key)
        case _:
            turn.ask()


def _keep_list(turn: TurnState) -> None:
    listing = _listing(turn, turn.c.draft_list)
    if listing is None:
        return turn.ask()
    if turn.c.consents.get(listing.consent.purpose) == listing.consent.text.msgid:
        return _put_list(turn)
    turn.ask_screen(replace(listing.consent, name=Screen.KEEP))


def _accept_keeping(turn: TurnState, asked: Asked) -> None:
    listing = _listing(turn, turn.c.draft_list)
    if listing is None:
        return turn.ask()
    turn.c = replace(turn.c, asked=asked)
    turn.record_consent(listing.consent)
    _put_list(turn)


def _put_list(turn: TurnState) -> None:
    """Store the new checklist in place of the stored checklist.

    The new checklist takes over the ticks of the stored checklist. It takes over the reminder and
    the notifications only if both may be offered for its answers.
    """
    previous, new_list = turn.c.saved_list, turn.c.draft_list
    listing = _listing(turn, new_list)
    offers = new_list is not None and listing is not None and listing.reminds(new_list.answers)
    if new_list is not None and previous is not None:
        if not offers:
            forget_reminder(turn)
        remind = previous.remind if offers else None
        new_list = replace(
            new_list, ticked=previous.ticked, remind=remind, watched=previous.watched
        )
    turn.c = replace(turn.c, saved_list=new_list, draft_list=None)
    turn.notes.append((KEPT,))
    if new_list is not None and new_list.watched and listing is not None:
        _set_watch(turn, new_list, listing, on=offers)
    open_list(turn)


def _make_again(turn: TurnState) -> None:
    flow = turn.flows.get(turn.c.saved_list.flow) if turn.c.saved_list else None
    if flow is not None:
        turn.c = replace(turn.c, flow=flow.name)
    turn.ask()


def _drop_list(turn: TurnState) -> None:
    listing = _listing(turn, turn.c.saved_list)
    purposes = {listing.consent.purpose, listing.changes.purpose} if listing else set()
    consents = {name: text for name, text in turn.c.consents.items() if name not in purposes}
    turn.c = replace(turn.c, saved_list=None, consents=consents)
    turn.effects += (Remind(0), WatchList({}))
    turn.say_and_reprompt(DROPPED)


def open_list(turn: TurnState) -> None:
    saved_list, listing = turn.c.saved_list, _listing(turn, turn.c.saved_list)
    if saved_list is None or listing is None:
        return turn.ask()
    states = screens.paper_lines(turn.flows.values(), turn.c.papers)
    if states:
        turn.notes.append(states)
    turn.ask_screen(
        _saved_list_screen(turn, saved_list, listing),
        paragraph=tuple(_lines(turn, saved_list, listing)),
    )


def _lines(turn: TurnState, saved_list: MadeList, listing: Listing) -> Iterator[Text]:
    entries = listing.entries(saved_list.answers, turn.today, saved_list.entries)
    ready = _ready_keys(turn, entries)
    title, done = listing.title(saved_list.answers), len(ready)
    if entries:
        yield _(READY_SO_FAR.msgid, programme=title, ready=done, all=len(entries))
    yield from listing.warnings(saved_list.answers, turn.today, saved_list.entries)
    for number, each in enumerate(entries, 1):
        on = each.key in ready
        line = _((TICKED if on else OPEN).msgid, number=number, paper=each.name)
        yield tick(line, f"{screens.UNTICK if on else screens.TICK}{each.key}")


def _saved_list_screen(turn: TurnState, saved_list: MadeList, listing: Listing) -> Choice:
    offers = listing.reminds(saved_list.answers) and not turn.c.muted
    # The hour of the reminder is not stored, so it may still be due on its day.
    reminding = saved_list.remind is not None and saved_list.remind >= turn.today
    entries = listing.entries(saved_list.answers, turn.today, saved_list.entries)
    among = (
        (bool(entries), Option("tick", button("Tick a paper"))),
        (True, Option("print", PRINT)),
        (reminding, Option("silent", button("Do not remind me"))),
        (offers and not reminding, Option("remind", button("Remind me"))),
        (saved_list.watched, Option("unwatch", button("No news of changes"))),
        (offers and not saved_list.watched, Option("watch", button("Tell me of changes"))),
        (True, Option("again", button("Make a new list"))),
        (True, Option("drop", button("Delete the list"))),
        (True, Option("menu", button("Menu"))),
    )
    shown = tuple(option for use, option in among if use)
    return Choice(name=Screen.MINE, label=labels.MY_PAPERS, text=READY_SO_FAR, among=shown)


def _ready_keys(turn: TurnState, entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """Return the keys of checklist entries that are ticked, or whose upload is complete (READY)."""
    ticked = turn.c.saved_list.ticked if turn.c.saved_list else ()
    return tuple(
        each.key
        for each in entries
        if each.key in ticked or (each.paper and turn.c.papers.get(each.paper) in READY)
    )


def ask_ticks(turn: TurnState, page: int = 0) -> None:
    saved_list, listing = turn.c.saved_list, _listing(turn, turn.c.saved_list)
    if saved_list is None or listing is None:
        return turn.ask()
    entries = listing.entries(saved_list.answers, turn.today, saved_list.entries)
    # The button may be older than the end of the last paper.
    if not entries:
        return open_list(turn)
    # Buttons have numbers instead of names, because a paper's name can be longer than a label may
    # be.
    offered = tuple(
        Option(each.key, _label(number, on=each.key in saved_list.ticked))
        for number, each in enumerate(entries, 1)
    )
    asked = turn.put_asked("", Screen.TICK, 1, offered, page)
    back = Button(CONTROL, labels.BACK, Kind.CONTROL)
    buttons = (*option_buttons(asked.nonce, offered, page), back, *turn.person_button())
    turn.say((tuple(_lines(turn, saved_list, listing)), (WHICH,)), buttons)


def _tick(turn: TurnState, asked: Asked, key: str) -> None:
    saved_list = turn.c.saved_list
    if saved_list is None:
        return turn.ask()
    others = tuple(each for each in saved_list.ticked if each != key)
    ticked = others if key in saved_list.ticked else (*others, key)
    turn.c = replace(turn.c, saved_list=replace(saved_list, ticked=ticked))
    ask_ticks(turn, asked.page)


def mark(turn: TurnState, key: str, *, on: bool) -> bool:
    """Tick or untick the entry `key` of the stored checklist.

    Return False if the checklist has no such entry, or if a flow is open.
    """
    saved_list, listing = turn.c.saved_list, _listing(turn, turn.c.saved_list)
    if saved_list is None or listing is None or turn.c.flow:
        return False
    if key not in {
        each.key for each in listing.entries(saved_list.answers, turn.today, saved_list.entries)
    }:
        return False
    others = tuple(each for each in saved_list.ticked if each != key)
    turn.c = replace(
        turn.c, saved_list=replace(saved_list, ticked=(*others, key) if on else others)
    )
    open_list(turn)
    return True


def _print(turn: TurnState) -> None:
    saved_list, listing = turn.c.saved_list, _listing(turn, turn.c.saved_list)
    if saved_list is None or listing is None:
        return turn.ask()
    ready = _ready_keys(turn, listing.entries(saved_list.answers, turn.today, saved_list.entries))
    turn.notes.append((PRINTED,))
    _send_print_link(
        turn, PrintList(saved_list.flow, saved_list.answers, ready, saved_list.entries)
    )
    open_list(turn)


def _remind(turn: TurnState, *, on: bool) -> None:
    saved_list = turn.c.saved_list
    if saved_list is None:
        return turn.ask()
    when = plain_date(turn.today) + timedelta(days=lifetimes.REMIND_DAYS) if on else None
    turn.c = replace(turn.c, saved_list=replace(saved_list, remind=when))
    turn.effects.append(Remind(lifetimes.REMIND_DAYS if on else 0))
    note = WILL_NOT_REMIND if when is None else _(WILL_REMIND.msgid, date=when)
    turn.notes.append((note,))
    open_list(turn)


def _ask_changes(turn: TurnState) -> None:
    listing = _listing(turn, turn.c.saved_list)
    if listing is None:
        return turn.ask()
    turn.ask_screen(replace(listing.changes, name=Screen.CHANGES))


def _accept_changes(turn: TurnState, asked: Asked) -> None:
    listing = _listing(turn, turn.c.saved_list)
    if listing is None:
        return turn.ask()
    turn.c = replace(turn.c, asked=asked)
    turn.record_consent(listing.changes)
    _watch(turn, on=True)


def _watch(turn: TurnState, *, on: bool) -> None:
    saved_list, listing = turn.c.saved_list, _listing(turn, turn.c.saved_list)
    if saved_list is None or listing is None:
        return turn.ask()
    _set_watch(turn, saved_list, listing, on=on)
    turn.notes.append((WILL_TELL if on else WILL_NOT_TELL,))
    open_list(turn)


def _set_watch(turn: TurnState, saved_list: MadeList, listing: Listing, *, on: bool) -> None:
    """Turn alerts about changed rules on or off; turning them off also withdraws the consent."""
    consents = turn.c.consents
    if not on:
        consents = {key: text for key, text in consents.items() if key != listing.changes.purpose}
    turn.c = replace(turn.c, saved_list=replace(saved_list, watched=on), consents=consents)
    turn.effects.append(WatchList(listing.traits(saved_list.answers) if on else {}))


def forget_changes(turn: TurnState) -> None:
    """Turn off the notifications about changed rules of the stored checklist, if they are on."""
    saved_list, listing = turn.c.saved_list, _listing(turn, turn.c.saved_list)
    if saved_list is not None and saved_list.watched and listing is not None:
        _set_watch(turn, saved_list, listing, on=False)


def forget_reminder(turn: TurnState) -> None:
    if turn.c.saved_list is not None and turn.c.saved_list.remind is not None:
        turn.c = replace(turn.c, saved_list=replace(turn.c.saved_list, remind=None))
        turn.effects.append(Remind(0))


def _offer() -> Choice:
    among = (Option("keep", button("Keep this list")), Option("menu", button("Menu")))
    return Choice(name=Screen.LIST, label=labels.MY_PAPERS, text=WHAT_NEXT, among=among)


def _label(number: int, *, on: bool) -> Text:
    if on:
        return row("Untick no. {number}", number=number)
    return row("Tick no. {number}", number=number)
