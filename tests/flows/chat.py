"""A person's conversation with the engine, driven by tests; each turn is checked for invariants."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from itertools import chain
from typing import Self

import msgspec

from bot.i18n import Languages
from flows import FLOWS
from flows.engine.conversation import step
from flows.engine.edition import Edition
from flows.engine.effects import Submit
from flows.engine.events import (
    Attached,
    Effect,
    Event,
    Filled,
    Page,
    Pressed,
    Relay,
    Said,
    Say,
    Started,
    TryPin,
    Unreadable,
    UpdateWithheld,
    UploadChecked,
    UploadStatusChanged,
)
from flows.engine.flow import Flow, Form, Path, path
from flows.engine.hints import ConfirmContact, LeaveContact
from flows.engine.household import CheckHouseholdCode, HouseholdAnswered, HouseholdCodeChecked
from flows.engine.invitations import FindInvitation
from flows.engine.joining import (
    Disconnect,
    DisconnectOther,
    FinishJoin,
    IssueJoinCode,
    OfferJoin,
    RequestJoin,
)
from flows.engine.model_events import IntentChosen, Transcribed
from flows.engine.referrals import FindReferrer
from flows.engine.registration import (
    Acknowledged,
    LookUpStatus,
    PlatformStep,
    RegistryQuestion,
)
from flows.engine.replies import Understanding
from flows.engine.state import Conversation, Turn
from flows.engine.text import Label, Text, Value

TODAY = date(2026, 11, 24)
# The date is an edition (a date with published content), which cannot be serialized. A turn that
# stores it in the conversation instead of a plain date thus fails in each test.
PUBLISHED: Edition[object, object] = Edition.of(TODAY, {}, {}, (), {})
WORDS = Languages()
LANGUAGES = tuple(code for code, _name in WORDS.languages())
# Effects whose result is a later event: the assistant replies in the turn of that event.
ANSWERED_LATER = (
    *(TryPin, LookUpStatus, IssueJoinCode, OfferJoin, RequestJoin, FinishJoin, Disconnect),
    DisconnectOther,
    CheckHouseholdCode,
    FindReferrer,
    FindInvitation,
    *(LeaveContact, ConfirmContact),
)

# Answers of an invented person who registers alone; "-" skips the question.
DEFAULT_ANSWERS: dict[str, str] = {
    "applying": "self",
    "adult": "yes",
    "purpose": "move",
    "citizenship": "CN",
    "location": "unsaid",
    "stay_ends": "no",
    "passport": "long",
    "former_citizen": "no",
    "ethnicity_papers": "yes",
    "trouble": "none",
    "risk": "seen",
    "consent_registration": "yes",
    "ethnic_kazakh": "yes",
    "surname": "TESTOVA",
    "given_name": "GULNAR",
    "birth_year": "1990",
    "residence_country": "CN",
    "target_region": "astana",
    "timeframe": "year",
    "relation": "child",
    "age_band": "under14",
    "member_kazakh": "yes",
    "family": "done",
    "contact": "self",
    "phone": "+7 701 000 00 00",
    "write_first": "no",
    "details": "yes",
    "patronymic": "-",
    "name_kk": "-",
    "residence_region": "-",
    "education": "higher",
    "occupation": "-",
    "kazakh_level": "speaks",
    "support_needed": "housing",
    "review": "submit",
    "topic": "general",
    "consent_handoff": "yes",
    "words": "Testova has a question",
}


def default_answer(name: str) -> str:
    """Return the answer in DEFAULT_ANSWERS; decline an offered officer (`gate_…`) by "go_on"."""
    return "go_on" if name.startswith("gate_") else DEFAULT_ANSWERS[name]


@cache
def _chat_at(question: str, language: str, others: tuple[tuple[str, str], ...]) -> "Chat":
    return Chat.start(language, "preregistration").until(question, **dict(others))


def chat_at(question: str, language: str = "ru", **others: str) -> "Chat":
    """Return a chat that has reached a question of the registration form.

    The earlier questions are answered from `others` or DEFAULT_ANSWERS.
    """
    chat = _chat_at(question, language, tuple(sorted(others.items())))
    return replace(chat, effects=list(chat.effects), turns=list(chat.turns))


@dataclass
class Chat:
    """A conversation with the engine; each turn is checked (see `_check_invariants`)."""

    language: str = "ru"
    flows: Mapping[str, Flow] = field(default_factory=lambda: FLOWS)
    conversation: Conversation = field(default_factory=Conversation)
    last_messages: tuple[Say, ...] = ()
    last_effects: tuple[Effect, ...] = ()
    effects: list[Effect] = field(default_factory=list)
    turns: list[tuple[str, Turn]] = field(default_factory=list)
    page: Page = Page.NEVER
    understanding: Understanding | None = None
    # Compute each turn twice and compare the results, to check that turns are deterministic.
    twice: bool = False
    today: date = PUBLISHED

    @classmethod
    def start(
        cls,
        language: str = "ru",
        flow: str = "",
        *,
        twice: bool = False,
        understanding: Understanding | None = None,
    ) -> Self:
        """Return a chat at the menu, or at the start of `flow`; its language is already chosen."""
        chat = cls(language, twice=twice, understanding=understanding)
        chat.takes(Started())
        chat.presses(language)
        return chat.presses(flow) if flow else chat

    # The person's actions, each of which sends one or several events

    def takes(self, event: Event) -> Self:
        before, after = self.conversation, self._step(event)
        self._check_invariants(before, event, after)
        self.turns.append((self._event_label(event), after))
        self.conversation = after.conversation
        self.last_messages, self.last_effects = after.says, after.effects
        self.effects += after.effects
        return self

    def says(self, *texts: str) -> Self:
        for text in texts:
            self.takes(Said(text))
        return self

    def presses(self, *keys: str) -> Self:
        """Press buttons of the last messages, by key.

        A key is an option's key, the sign of a control (`<` back, `>` next page, `-` skip, `=`
        keep), or a whole payload that begins with `!` or `?`.
        """
        for key in keys:
            payload = key if key[:1] in "!?" else f"{self.conversation.nonce}:{key}"
            shown = [button.payload for say in self.last_messages for button in say.buttons]
            assert payload in shown, f"{payload} is not among {shown}"
            self.takes(Pressed(payload))
        return self

    def answers(self, value: str) -> Self:
        """Press the button of the option `value`, or "-" to skip; write any other value as text."""
        asked = self.conversation.asked
        keys = {option.key for option in asked.options} if asked else set()
        if value in keys or value == "-":
            return self.takes(Pressed(f"{self.conversation.nonce}:{value}"))
        return self.says(value)

    def edits(self, question: str) -> Self:
        """At the review of all answers, type the number of a question to answer it again."""
        self.presses("edit")
        asked = self.conversation.asked
        keys = [option.key for option in asked.options] if asked else []
        return self.says(str(keys.index(question) + 1))

    def until(self, question: str, **others: str) -> Self:
        """Answer from `others` or DEFAULT_ANSWERS until the question; fail after 120 answers."""
        for _turn in range(120):
            if self.question_key == question:
                return self
            self.answers(others.get(self.name, "") or default_answer(self.name))
        raise AssertionError(f"{question} was not asked; the last was {self.question_key}")

    def try_text(self, typed: str) -> "Chat":
        """Return a copy of the chat after the person typed a text; to save time, without checks."""
        turn = self._run_step(Said(typed))
        return Chat(self.language, self.flows, turn.conversation, turn.says, turn.effects)

    # Messages that the person sees now

    @property
    def question_key(self) -> str:
        """Return the key of the open question: `surname`, `relation@12`, `~menu`, or "" if none."""
        return self.conversation.asked.key if self.conversation.asked else ""

    @property
    def name(self) -> str:
        return self.question_key.partition("@")[0]

    @property
    def nonce(self) -> int:
        return self.conversation.nonce

    def shows(self, text: Text, **values: Value) -> bool:
        """Return True if the last turn's messages contain the sentence, with these values."""
        wanted = set(values.items())
        return any(
            part.msgid == text.msgid and wanted <= set(part.values)
            for say in self.last_messages
            for paragraph in say.paragraphs
            for line in paragraph
            for part in _parts(line)
        )

    @property
    def text(self) -> str:
        """Return the text of the last turn's messages, as the person reads it."""
        return "\n".join(line for say in self.last_messages for line in _message_lines(say))

    @property
    def keys(self) -> list[str]:
        """Return the keys of all buttons of the last turn's messages, as `presses` accepts them."""
        payloads = [button.payload for say in self.last_messages for button in say.buttons]
        return [
            payload if payload[:1] in "!?" else payload.partition(":")[2] for payload in payloads
        ]

    # Stored state

    def form(self, flow: str = "preregistration") -> Form:
        return self.conversation.forms.get(flow, Form())

    def path(self, flow: str = "preregistration") -> Path:
        return path(self.flows[flow], self.form(flow))

    def stored_answers(self, flow: str = "preregistration") -> dict[str, str | None]:
        """Return every stored answer of a flow, by the question's key."""
        return {key: answer.value for key, answer in self.form(flow).answers.items()}

    def effects_of[E](self, kind: type[E]) -> list[E]:
        """Return all effects of a type since the conversation began."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def transcript(self) -> str:
        turns = [(f"> {did}", "", *_transcript_lines(turn), "") for did, turn in self.turns]
        return "\n".join(chain.from_iterable(turns)) + "\n"

    # Checks at every turn

    def _step(self, event: Event) -> Turn:
        turn = self._run_step(event)
        if self.twice:
            again = self._run_step(event)
            assert turn == again, "the same event on the same conversation is another turn"
        return turn

    def _run_step(self, event: Event) -> Turn:
        now, page = self.conversation, self.page
        return step(self.flows, WORDS, now, event, self.today, page, self.understanding)

    def _check_invariants(self, before: Conversation, event: Event, after: Turn) -> None:
        encoded = msgspec.json.encode(after.conversation)
        assert msgspec.json.decode(encoded, type=Conversation) == after.conversation
        may_be_silent = before.with_officer and isinstance(event, Said)
        may_be_silent |= any(isinstance(effect, Relay) for effect in after.effects)
        may_be_silent |= before.update_waits and isinstance(event, Pressed)
        may_be_silent |= isinstance(
            event,
            Filled
            | Acknowledged
            | Attached
            | IntentChosen
            | Transcribed
            | UploadChecked
            | UploadStatusChanged
            | UpdateWithheld,
        )
        may_be_silent |= any(isinstance(effect, ANSWERED_LATER) for effect in after.effects)
        assert after.says or may_be_silent, f"no answer to {event}"
        assert after.conversation.nonce >= before.nonce
        for say in after.says:
            assert say.language == after.conversation.language
            assert all(len(button.payload.encode()) <= 64 for button in say.buttons)
        for effect in after.effects:
            if isinstance(effect, Submit):
                self._check_submission(effect, after.conversation)

    def _check_submission(self, submit: Submit, after: Conversation) -> None:
        """Check that a form is submitted after consent, with exactly the answers on its path."""
        assert "registration" in after.consents
        form_path = path(self.flows[submit.flow], after.forms[submit.flow])
        assert submit.answers == form_path.answers
        for sent in submit.members.values():
            members = dict.fromkeys(step.member for step in form_path.steps if step.member)
            assert sent == tuple(form_path.of(member) for member in members)

    # The transcript of the conversation

    def _event_label(self, event: Event) -> str:
        match event:
            case Said(text):
                return text
            case Pressed(payload):
                return f"[{self._label(payload)}]"
            case Unreadable(kind, caption) | Attached(kind, _, _, caption):
                return f"({kind}) {caption}".strip()
            case Acknowledged(state, question=None, step=None):
                return f"(the registry: {state})"
            case Acknowledged(question=RegistryQuestion(about=about)):
                return f"(the registry asks: {about})"
            case Acknowledged(step=PlatformStep(step, status)):
                return f"(the registry: {step} {status})"
            case HouseholdAnswered(write, refusal):
                return f"(the registry: {write}, {refusal or 'done'})"
            case HouseholdCodeChecked(is_granted):
                return f"(a try is left: {is_granted})"
            case _:
                return f"({type(event).__name__.lower()})"

    def _label(self, payload: str) -> str:
        for say in self.last_messages:
            for button in say.buttons:
                if button.payload == payload:
                    return WORDS.render(button.label, say.language)
        return payload


def _transcript_lines(turn: Turn) -> list[str]:
    lines = [line for say in turn.says for line in ("", *_message_lines(say))][1:]
    return lines + [f"  * {type(effect).__name__}" for effect in turn.effects]


def _message_lines(say: Say) -> list[str]:
    def shown(label: Label) -> str:
        return WORDS.render(label, say.language)

    lines = [line for part in say.paragraphs for line in ("", *map(shown, part))][1:]
    if say.progress:
        lines[-1] += f"  ({say.progress[0]}/{say.progress[1]})"
    return lines + [f"  [{shown(button.label)}]" for button in say.buttons]


def _parts(text: Text) -> list[Text]:
    inside = [
        part for _name, value in text.values if isinstance(value, Text) for part in _parts(value)
    ]
    return [text, *inside]
