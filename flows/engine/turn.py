"""The mutable state of one turn: the conversation, the messages to send, and the effects."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from flows.engine import screens
from flows.engine.edition import Edition
from flows.engine.effects import Submit
from flows.engine.events import Button, ConsentGiven, Effect, Kind, Notice, Page, Say
from flows.engine.fast_replace import replace
from flows.engine.flow import EMPTY, Answer, Consent, Flow, Form, Path, RepeatingGroup, Review, path
from flows.engine.language_protocol import Words
from flows.engine.options import Option
from flows.engine.questions import Question
from flows.engine.recognition import COUNTRY_OF_ORIGIN, Confidence, Danger, Reading, Recognition
from flows.engine.replies import CITIZENSHIP, Reply, Understanding
from flows.engine.state import Asked, Conversation, Shown, waits
from flows.engine.text import VERBATIM, Text, _, button, verbatim

PAGE = 8
MAX_AT_ONCE = 10
FILE = Button("!file", button("Choose a file"), Kind.FILE)


type Prompt = Callable[["TurnState", tuple[Option, ...], int, str], None]


NOTHING = Recognition(Confidence.UNKNOWN)


class TurnState:
    """The mutable state of one turn, which is the processing of one event.

    `c` is the conversation with the changes so far. `notes` are paragraphs to put above the next
    message.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        words: Words,
        conversation: Conversation,
        today: date,
        page: Page,
        prompt: Prompt,
        understanding: Understanding | None = None,
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
        self.understanding = understanding
        # True if the language was guessed in this turn. The reply then has a button to choose
        # another language.
        self.guessed = False
        # True if the safety message was sent in this turn.
        self.showed_danger = False
        # The typed text that is being handled.
        self.text = ""
        # True if the person typed the text as a message. False for a file's caption.
        self.typed = False
        self._prompt = prompt
        self._reading_cache: tuple[str, Reading] | None = None
        self._crisis_cache: tuple[str, bool] | None = None
        self._entities_cache: tuple[str, Mapping[str, str]] | None = None
        self._path_cache: tuple[Flow, Form, Path] | None = None

    def ask(self, found: tuple[Option, ...] = (), page: int = 0, question_key: str = "") -> None:
        """Ask the current question; `found` replaces its options if its key is `question_key`."""
        self._prompt(self, found, page, question_key)

    def prompted(self) -> list[Say]:
        """Return the messages that would ask the current question, without sending them."""
        turn = TurnState(
            self.flows, self.words, self.c, self.today, self.page, self._prompt, self.understanding
        )
        turn.ask()
        return turn.says

    def recognize(self, text: str) -> Recognition:
        """Return the recognized meaning of a text; the last recognized text is cached."""
        reading = self._read(text)
        found = NOTHING if reading is None else reading.recognition
        if not self._has_crisis_phrase(text):
            return found
        # A phrase of danger found by `self.words` overrides the recognizer, because the recognizer
        # is not trained on languages that are not offered.
        intent = self.words.danger_intent(text)
        if intent is not None:
            return replace(found, danger=Danger.CLEAR, danger_intent=intent, also="")
        return found if found.danger is Danger.CLEAR else replace(found, danger=Danger.CLEAR)

    def is_sure(self, text: str) -> bool:
        """Return True if the recognizer is sure of a text's meaning; faster than `recognize`."""
        reading = self._read(text)
        return reading is not None and reading.is_sure

    def danger(self, text: str) -> Danger:
        """Return the degree of danger in a text; faster than `recognize`."""
        if self._has_crisis_phrase(text):
            return Danger.CLEAR
        reading = self._read(text)
        return Danger.NONE if reading is None else reading.danger

    def is_certain_danger(self, text: str) -> bool:
        """Return True if a text is about danger with certainty, even if it has only a few words."""
        reading = self._read(text)
        is_certain = reading is not None and reading.is_certain_danger
        return is_certain or self._has_crisis_phrase(text)

    def _has_crisis_phrase(self, text: str) -> bool:
        """Return True if a text has a phrase of danger; the result for the last text is cached."""
        if self._crisis_cache is None or self._crisis_cache[0] != text:
            self._crisis_cache = (text, self.words.danger(text))
        return self._crisis_cache[1]

    def _read(self, text: str) -> Reading | None:
        if self.understanding is None:
            return None
        if self._reading_cache is None or self._reading_cache[0] != text:
            self._reading_cache = (text, self.understanding.recognizer.read(text, self.c.language))
        return self._reading_cache[1]

    def entities(self, text: str) -> Mapping[str, str]:
        """Return the values that a text mentions; the result for the last text is cached."""
        if self._entities_cache is None or self._entities_cache[0] != text:
            found = self.understanding.recognizer.entities(text) if self.understanding else {}
            self._entities_cache = (text, found)
        return self._entities_cache[1]

    def citizenship(self) -> str:
        """Return the citizenship from a form, else from the recognized text; "" if unknown.

        The result is an ISO code. It is "" also if a text names another country than the form,
        because the question may be about a relative.
        """
        named = self.entities(self._reading_cache[0]) if self._reading_cache else {}
        recognized = self.c.heard.entities if self.c.heard else {}
        if own := self.answered_citizenship():
            countries = {each.get(COUNTRY_OF_ORIGIN, own) for each in (named, recognized)}
            return own if countries == {own} else ""
        suggested = (
            self.understanding.suggest({**named, **recognized}) if self.understanding else {}
        )
        return suggested.get(CITIZENSHIP, "")

    def answered_citizenship(self) -> str:
        """Return the citizenship from a form, or ""; unconfirmed answers do not count."""
        opened = self.c.forms.get(self.c.flow, EMPTY)
        for form in (opened, *self.c.forms.values()):
            answer = form.answers.get(CITIZENSHIP)
            if answer is not None and answer.value and not waits(answer):
                return answer.value
        return ""

    def reply(self, intent: str) -> Reply | None:
        """Return the reply to an intent, published by editors or shipped; None if there is none."""
        if self.understanding is None:
            return None
        published = self.today.replies.get(intent) if isinstance(self.today, Edition) else None
        return published or self.understanding.replies.get(intent)

    def asks_freely(self) -> bool:
        """Return True if the current question is answered with a question, as in the FAQ flow."""
        question = self.question(self.c.asked) if self.c.asked else None
        return question is not None and question.asks_freely

    def path(self) -> tuple[Flow, Path] | None:
        """Return the open flow and the path through its form; None if no flow is open.

        The path is cached until the form changes.
        """
        flow = self.flows.get(self.c.flow)
        if flow is None:
            return None
        form = self.form(flow)
        if (
            self._path_cache is None
            or self._path_cache[0] is not flow
            or self._path_cache[1] is not form
        ):
            self._path_cache = (flow, form, path(flow, form))
        return flow, self._path_cache[2]

    def form(self, flow: Flow) -> Form:
        return self.c.forms.get(flow.name, EMPTY)

    def put_form(self, flow: Flow, form: Form) -> None:
        self.c = replace(self.c, forms={**self.c.forms, flow.name: form})

    def drop_form(self, flow: Flow) -> None:
        forms = {name: form for name, form in self.c.forms.items() if name != flow.name}
        self.c = replace(self.c, forms=forms)

    @property
    def has_registration(self) -> bool:
        """Return True if the person has a registration that was not withdrawn."""
        return self.c.registration is not None and self.c.registration.is_current

    def openable(self, name: str) -> Flow | None:
        """Return the flow with this name; None if it needs a registration and there is none."""
        flow = self.flows.get(name)
        return flow if flow and (self.has_registration or not flow.follows) else None

    def open_flow(self, flow: Flow) -> None:
        """Open a flow, with the answers that its form already has; see `renewed_form`.

        If all answers of the flow are stored, a consent that was already given to the same text is
        not asked for again.
        """
        form = self.renewed_form(flow)
        lasting = all(item.persisted for item in flow.questions())
        for step in path(flow, form).steps if lasting else ():
            item = step.item
            if isinstance(item, Consent) and self.c.consents.get(item.purpose) == item.text.msgid:
                form = form.put(step.key, Answer("yes", item.rev, step.signature))
        self.put_form(flow, form)
        self.c = replace(self.c, flow=flow.name)

    def renewed_form(self, flow: Flow) -> Form:
        """Return the flow's form; after a withdrawal, with its review and consents unanswered.

        The form of the officer flow begins empty. Otherwise the topic of a request that the person
        left could make the next case urgent. A submitted form whose registration was deleted also
        begins empty. Otherwise it would be submitted again at once.
        """
        form = self.form(flow)
        if flow.hands_over or (form.submitted and self.c.registration is None):
            return EMPTY
        if not (
            flow.registers and self.c.registration and self.c.registration.state == "withdrawn"
        ):
            return form
        again = {item.name for item in flow.questions() if isinstance(item, (Review, Consent))}
        answers = {key: each for key, each in form.answers.items() if key not in again}
        return replace(form, answers=answers, submitted=False)

    def say_and_reprompt(self, text: Text) -> None:
        """Ask the current question again, with `text` above it."""
        self.notes.append((text,))
        self.ask()

    def ask_screen(
        self,
        screen: Question,
        paragraph: tuple[Text, ...] = (),
        page: int = 0,
    ) -> None:
        asked = self.put_asked("", screen.name, screen.rev, screen.options, page)
        buttons = option_buttons(asked.nonce, screen.options, page)
        person = () if screen.name == screens.MENU else self.person_button()
        self.say(
            (paragraph or (screen.text,),),
            (*buttons, *person),
            protect=screen.name == screens.REGISTERED,
        )

    def person_button(self) -> tuple[Button, ...]:
        """Return the button that asks for an officer; () if an officer has the conversation.

        Also return () before a language is chosen, and if no flow leads to an officer.
        """
        offered = any(flow.hands_over for flow in self.flows.values())
        if not self.c.language or self.c.with_officer or not offered:
            return ()
        return (Button("!person", screens.PERSON, Kind.CONTROL),)

    def put_asked(
        self, flow: str, key: str, rev: int, offered: tuple[Option, ...], page: int = 0
    ) -> Asked:
        language = self.c.language
        seen = tuple(Shown(each.key, self.words.render(each.label, language)) for each in offered)
        asked = Asked(flow, key, rev, self.c.nonce, language, seen, page)
        # A question that is shown again keeps its nonce. Otherwise, if the person pressed two of
        # its buttons, the first press would make the second one invalid.
        if self.c.asked is None or replace(self.c.asked, tries=0, suggests="") != asked:
            asked = replace(asked, nonce=self.c.nonce + 1)
        self.c = replace(self.c, asked=asked, nonce=asked.nonce)
        return asked

    def say(
        self,
        paragraphs: Iterable[tuple[Text, ...]],
        buttons: tuple[Button, ...],
        *,
        progress: tuple[int, int] | None = None,
        protect: bool = False,
        service: bool = False,
        private: bool = False,
        leaves: bool = True,
        notice: Notice | None = None,
        by_position: bool = True,
    ) -> None:
        all_paragraphs = (*self.notes, *paragraphs)
        label = screens.EXIT
        if not self.c.language:
            all_paragraphs, label = (
                tuple(map(self.in_every_language, all_paragraphs)),
                screens.EXIT_SIGN,
            )
        exit_button = (Button("!exit", label, Kind.EXIT),) if leaves else ()
        self.says.append(
            Say(
                all_paragraphs,
                (*buttons, *exit_button),
                self.c.language,
                progress=progress,
                replaces=self.replaces,
                protect=protect,
                service=service,
                private=private,
                notice=notice,
                by_position=by_position,
            )
        )
        self.notes = []

    def in_every_language(self, paragraph: tuple[Text, ...]) -> tuple[Text, ...]:
        """Return a paragraph in all languages, or unchanged if it has only untranslatable texts."""
        if all(text.msgid == VERBATIM for text in paragraph):
            return paragraph
        return tuple(
            verbatim(self.words.render(text, code))
            for code, _name in self.words.languages()
            for text in paragraph
        )

    def record_consent(self, consent: Consent) -> None:
        shown_in = self.c.asked.language if self.c.asked else self.c.language
        self.effects.append(ConsentGiven(consent.purpose, consent.text, shown_in))
        consents = {**self.c.consents, consent.purpose: consent.text.msgid}
        self.c = replace(self.c, is_persistent=True, consents=consents)

    def send_to_page(
        self,
        label: Text,
        *,
        skips: bool = False,
        service: bool = False,
        asks: bool = True,
        protect: bool = False,
    ) -> None:
        """Send a message with a link to the secure page, for a private question or private data.

        The caller of the engine puts the address into the link's button.
        """
        text = _((screens.ON_PAGE if asks else screens.SHOWN_ON_PAGE).msgid, label=label)
        link = Button("", screens.OPEN_PAGE, Kind.PAGE)
        hint = screens.PAGE_SKIPS if skips else screens.PAGE_WAITS
        self.say(((text, hint),), (link,), protect=protect, service=service, private=True)

    def question(self, asked: Asked) -> Question | None:
        flow = self.flows.get(asked.flow)
        return flow.find(asked.key.partition("@")[0]) if flow else None


def option_buttons(nonce: int, offered: tuple[Option, ...], page: int = 0) -> tuple[Button, ...]:
    buttons = tuple(Button(f"{nonce}:{each.key}", each.label) for each in offered)
    if len(buttons) <= MAX_AT_ONCE:
        return buttons
    more = Button(f"{nonce}:>", button("More"), Kind.CONTROL)
    return (*buttons[page * PAGE : (page + 1) * PAGE], more)


def ephemeral_answers(flow: Flow, form: Form) -> dict[str, Answer]:
    """Return the answers that must not be stored after a consent, except already deleted ones."""
    renewed = {
        name
        for item in flow.questions()
        if not item.persisted
        for name in (item.name, *item.former_names)
    }
    return {
        key: answer
        for key, answer in form.answers.items()
        if key.partition("@")[0] in renewed and answer.value is not None
    }


def submission(flow: Flow, path: Path, form: Form) -> Submit:
    on_path = {step.item.name for step in path.steps}
    members = {
        item.name: tuple(
            path.of(member) for member in form.members.get(item.name, ()) if item.name in on_path
        )
        for item in flow.items
        if isinstance(item, RepeatingGroup)
    }
    return Submit(flow.name, dict(path.answers), members)
