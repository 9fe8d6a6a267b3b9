"""What is asked next, and how it is said: the half of a step that looks at the form."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import takewhile

from flows.engine import screens
from flows.engine.events import Button, ConsentGiven, Effect, Kind, Page, Say
from flows.engine.fast_replace import replace
from flows.engine.flow import (
    EMPTY,
    Answer,
    Consent,
    Done,
    Flow,
    Form,
    HandoffOffer,
    OpenCase,
    Path,
    RepeatingGroup,
    Review,
    SendPapers,
    Step,
    Submit,
    Upload,
    options,
    path,
    shown,
)
from flows.engine.language_protocol import Words
from flows.engine.questions import Option, Phone, Question
from flows.engine.state import Asked, Conversation, RegistrationStatus, Shown
from flows.engine.text import Text, _, button, verbatim

PAGE = 8
MAX_AT_ONCE = 10
FILE = Button("!file", button("Choose a file"), Kind.FILE)


class Asking:
    """The work of one step: `c` is the conversation so far, `notes` open the next message."""

    def __init__(
        self,
        flows: Mapping[str, Flow],
        words: Words,
        conversation: Conversation,
        today: date,
        page: Page,
    ) -> None:
        self.flows = flows
        self.words = words
        self.c = conversation
        self.today = today
        self.page = page
        self.notes: list[tuple[Text, ...]] = []
        self.says: list[Say] = []
        self.effects: list[Effect] = []
        self.replaces = False
        self._gone: tuple[Flow, Form, Path] | None = None

    def _road(self) -> tuple[Flow, Path] | None:
        """The flow the person is in, and their path through it; found once a form."""
        flow = self.flows.get(self.c.flow)
        if flow is None:
            return None
        form = self._form(flow)
        if self._gone is None or self._gone[0] is not flow or self._gone[1] is not form:
            self._gone = (flow, form, path(flow, form))
        return flow, self._gone[2]

    def _form(self, flow: Flow) -> Form:
        return self.c.forms.get(flow.name, EMPTY)

    def _put_form(self, flow: Flow, form: Form) -> None:
        self.c = replace(self.c, forms={**self.c.forms, flow.name: form})

    def _open(self, flow: Flow) -> None:
        """Enter a flow; a consent given before, to the same text, is not asked again."""
        form = self._renewed(flow)
        lasting = all(item.persisted for item in flow.questions())
        for stop in path(flow, form).steps if lasting else ():
            item = stop.item
            if isinstance(item, Consent) and self.c.consents.get(item.purpose) == item.text.msgid:
                form = form.put(stop.key, Answer("yes", item.rev, stop.signature))
        self._put_form(flow, form)
        self.c = replace(self.c, flow=flow.name)

    def _renewed(self, flow: Flow) -> Form:
        """The form to go on with; after a withdrawal it is open again, and consent with it."""
        form = self._form(flow)
        if not (
            flow.registers and self.c.registration and self.c.registration.state == "withdrawn"
        ):
            return form
        again = {item.name for item in flow.questions() if isinstance(item, (Review, Consent))}
        answers = {key: each for key, each in form.answers.items() if key not in again}
        return replace(form, answers=answers, submitted=False)

    def _say_and_reprompt(self, text: Text) -> None:
        """Say something, then show again where the person is."""
        self.notes.append((text,))
        self.ask()

    def ask(self, found: tuple[Option, ...] = (), page: int = 0, at: str = "") -> None:
        """Ask what is to be asked now; `found` are options narrowed from what was typed `at`."""
        road = self._road()
        if not self.c.language:
            self._ask_language()
        elif self.c.with_officer:
            self._wait_for_officer()
        elif road is None:
            self._ask_menu(page)
        elif road[0].registers and self._form(road[0]).submitted and self.c.registration:
            self.c = replace(self.c, flow="")
            self._status()
        elif (stop := road[1].current(self._form(road[0]).cursor)) is None:
            self._finish(*road)
        elif (renewed := _without_ephemeral(*road, stop, self._form(road[0]))) is not None:
            self._put_form(road[0], renewed)
            self.ask(found, page, at)
        else:
            self._ask_step(*road, stop, found if stop.key == at else (), page)

    def _wait_for_officer(self) -> None:
        back = Button("!menu", screens.BACK_TO_BOT, Kind.CONTROL)
        if not self.c.requested_upload:
            return self._say(((screens.WAITING,),), (back,), service=True)
        paper = self._paper(self.c.requested_upload)
        wanted = _(screens.PAPER_WANTED.msgid, paper=paper)
        if self.page is not Page.NEVER:
            self.notes += [(wanted,), (screens.PAPER_TERMS,)]
            return self._send_to_page(paper, service=True)
        self._say(((wanted,), (screens.PAPER_TERMS,)), (FILE, back), service=True, private=True)

    def _paper(self, key: str) -> Text:
        """What a kind of paper is called: as in the form that asks for it."""
        items = (item for flow in self.flows.values() for item in flow.questions())
        return next(
            (item.label for item in items if isinstance(item, Upload) and item.paper == key),
            screens.ANOTHER_PAPER,
        )

    def _ask_language(self) -> None:
        screen = screens.language_screen(self.words)
        codes = [code for code, _name in self.words.languages()]
        lines = tuple(verbatim(self.words.render(screen.text, code)) for code in codes)
        self._ask_screen(screen, paragraph=lines)

    def _ask_menu(self, page: int = 0) -> None:
        registered = self.c.registration is not None
        menu = screens.menu_screen(
            self.flows.values(), self.c.is_persistent, registered, self.c.muted
        )
        self._ask_screen(menu, page=page)

    def _ask_screen(
        self,
        screen: Question,
        paragraph: tuple[Text, ...] = (),
        page: int = 0,
    ) -> None:
        asked = self._put_asked("", screen.name, screen.rev, screen.options, page)
        buttons = option_buttons(asked.nonce, screen.options, page)
        person = () if screen.name == screens.MENU else self._to_a_person()
        self._say(
            (paragraph or (screen.text,),),
            (*buttons, *person),
            protect=screen.name == screens.REGISTERED,
        )

    def _to_a_person(self) -> tuple[Button, ...]:
        """A way to a person from a screen of ours, for whoever is not with one already."""
        offered = any(flow.hands_over for flow in self.flows.values())
        if not self.c.language or self.c.with_officer or not offered:
            return ()
        return (Button("!person", screens.PERSON, Kind.CONTROL),)

    def _ask_step(
        self, flow: Flow, road: Path, stop: Step, found: tuple[Option, ...], page: int
    ) -> None:
        offered = found or options(stop, self._form(flow))
        asked = self._put_asked(flow.name, stop.key, stop.item.rev, offered, page)
        private = stop.item.sensitive
        if private and self.page is Page.ALWAYS:
            if isinstance(stop.item, Upload) and offered:
                self.notes.append((_(screens.WRITE_DONE.msgid, word=stop.item.done),))
            return self._send_to_page(stop.item.label, skips=stop.item.skippable)
        old = shown(stop)
        if old is not None and not found:
            self.notes.append((_(screens.EARLIER.msgid, answer=old),))
        buttons = option_buttons(asked.nonce, offered, page)
        controls = self._controls(flow, road, stop, asked.nonce)
        self._say(
            (
                (stop.item.text,),
                *screens.details(stop, road, hide=self.page is Page.ALWAYS),
            ),
            (*buttons, *controls),
            progress=(road.steps.index(stop) + 1, len(road.steps)),
            protect=isinstance(stop.item, Review),
            private=private,
        )

    def _send_to_page(self, label: Text, *, skips: bool = False, service: bool = False) -> None:
        """Say where a private question is answered; whoever carries this out makes the link."""
        text = _(screens.ON_PAGE.msgid, label=label)
        link = Button("", screens.OPEN_PAGE, Kind.PAGE)
        ways = screens.PAGE_SKIPS if skips else screens.PAGE_WAITS
        self._say(((text, ways),), (link,), service=service, private=True)

    def _put_asked(
        self, flow: str, key: str, rev: int, offered: tuple[Option, ...], page: int = 0
    ) -> Asked:
        language = self.c.language
        seen = tuple(Shown(each.key, self.words.render(each.label, language)) for each in offered)
        asked = Asked(flow, key, rev, self.c.nonce, language, seen, page)
        # The same question shown again is still the same: of two taps on their way neither makes
        # the other's button an old one.
        if self.c.asked is None or replace(self.c.asked, tries=0) != asked:
            asked = replace(asked, nonce=self.c.nonce + 1)
        self.c = replace(self.c, asked=asked, nonce=asked.nonce)
        return asked

    def _controls(self, flow: Flow, road: Path, stop: Step, nonce: int) -> tuple[Button, ...]:
        item = stop.item
        possible = (
            (shown(stop) is not None, f"{nonce}:=", screens.KEEP),
            (item.skippable, f"{nonce}:-", button("Skip")),
            (road.before(stop.key) is not None, f"{nonce}:<", button("Back")),
            (item.help is not None, "!help", button("Help")),
            (item.sensitive and self.page is Page.OFFERED, "!page", screens.USE_PAGE),
            (not isinstance(item, HandoffOffer) and not flow.hands_over, "!person", screens.PERSON),
        )
        controls = tuple(Button(load, text, Kind.CONTROL) for use, load, text in possible if use)
        if isinstance(item, Upload):
            return (FILE, *controls)
        if isinstance(item, Phone):
            share = Button(f"{nonce}:@", button("Share my number"), Kind.CONTACT)
            return (share, *controls)
        return controls

    def _finish(self, flow: Flow, road: Path) -> None:
        outcome = flow.outcome(submission(flow, road, self._form(flow)), self.today)
        self.notes += [(text,) for text in outcome.texts]
        self.effects += [self._weighed(effect) for effect in outcome.effects]
        opened = any(isinstance(effect, OpenCase) for effect in outcome.effects)
        if any(isinstance(effect, SendPapers) for effect in outcome.effects):
            sent = {
                paper: "sending" if state == "checked" else state
                for paper, state in self.c.papers.items()
            }
            self.c = replace(self.c, papers=sent)
        if flow.registers:
            number = self.c.registration.number if self.c.registration else ""
            may = road.answers.get("write_first") == "yes"
            self._put_form(flow, replace(self._form(flow), submitted=True))
            self.c = replace(self.c, registration=RegistrationStatus("sent", number, may))
            self.notes.append((screens.REGISTRATION["sent"],))
            if not self.c.has_pin:
                self.notes.append((screens.PIN_OFFERED,))
        elif flow.items:
            self._drop_form(flow)
        self.c = replace(self.c, flow=self.c.suspended_flow, suspended_flow="", with_officer=opened)
        self.ask()

    def _consented(self, consent: Consent) -> None:
        shown_in = self.c.asked.language if self.c.asked else self.c.language
        self.effects.append(ConsentGiven(consent.purpose, consent.text, shown_in))
        consents = {**self.c.consents, consent.purpose: consent.text.msgid}
        self.c = replace(self.c, is_persistent=True, consents=consents)

    def _weighed(self, effect: Done) -> Done:
        """A case whose words speak of danger is urgent, whatever its topic."""
        if isinstance(effect, OpenCase) and self.words.danger(effect.words):
            return replace(effect, urgent=True)
        return effect

    def _drop_form(self, flow: Flow) -> None:
        forms = {name: form for name, form in self.c.forms.items() if name != flow.name}
        self.c = replace(self.c, forms=forms)

    def _say(
        self,
        paragraphs: Iterable[tuple[Text, ...]],
        buttons: tuple[Button, ...],
        *,
        progress: tuple[int, int] | None = None,
        protect: bool = False,
        service: bool = False,
        private: bool = False,
        leaves: bool = True,
    ) -> None:
        label = screens.EXIT if self.c.language else screens.EXIT_SIGN
        out = (Button("!exit", label, Kind.EXIT),) if leaves else ()
        self.says.append(
            Say(
                (*self.notes, *paragraphs),
                (*buttons, *out),
                self.c.language,
                progress=progress,
                replaces=self.replaces,
                protect=protect,
                service=service,
                private=private,
            )
        )
        self.notes = []

    def _status(self) -> None:
        more = [flow for flow in self.flows.values() if flow.follows]
        lines = screens.paper_lines(more, self.c.papers)
        if lines:
            self.notes.append(lines)
        if self.c.registration is None:
            return self._say_and_reprompt(screens.NO_REGISTRATION)
        self._ask_screen(
            screens.registered_screen(self.c.registration.state, self.c.registration.number, more)
        )


def option_buttons(nonce: int, offered: tuple[Option, ...], page: int = 0) -> tuple[Button, ...]:
    buttons = tuple(Button(f"{nonce}:{each.key}", each.label) for each in offered)
    if len(buttons) <= MAX_AT_ONCE:
        return buttons
    more = Button(f"{nonce}:>", button("More"), Kind.CONTROL)
    return (*buttons[page * PAGE : (page + 1) * PAGE], more)


def _without_ephemeral(flow: Flow, road: Path, stop: Step, form: Form) -> Form | None:
    """The form without what must not outlive a consent that lies behind; None if all is well."""
    before = takewhile(lambda step: step.key != stop.key, road.steps)
    agreed = any(isinstance(step.item, Consent) and step.ok for step in before)
    known = ephemeral_answers(flow, form)
    if not agreed or not known:
        return None
    forgotten = {key: replace(answer, value=None) for key, answer in known.items()}
    return replace(form, answers={**form.answers, **forgotten})


def ephemeral_answers(flow: Flow, form: Form) -> dict[str, Answer]:
    """What was answered to questions whose answers are not to be kept."""
    renewed = {
        name for item in flow.questions() if not item.persisted for name in (item.name, *item.was)
    }
    return {
        key: answer
        for key, answer in form.answers.items()
        if key.partition("@")[0] in renewed and answer.value is not None
    }


def submission(flow: Flow, road: Path, form: Form) -> Submit:
    on_path = {step.item.name for step in road.steps}
    members = {
        item.name: tuple(
            road.of(member) for member in form.members.get(item.name, ()) if item.name in on_path
        )
        for item in flow.items
        if isinstance(item, RepeatingGroup)
    }
    return Submit(flow.name, dict(road.answers), members)
