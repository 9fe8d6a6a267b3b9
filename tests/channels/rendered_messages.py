"""Every message that the assistant can send, for each `Page` setting (use of the secure page).

The messages come from a walk through all questions of all flows, the conversations of the
transcripts (`STORIES`), every outcome of a flow, every fixed sentence (remark) and every refusal.
The walk runs in one language, because the engine's message (`Say`) is translated only later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any, Self

from bot.channels import Message, RenderedButton
from bot.i18n import Languages
from flows import FLOWS
from flows.engine import checklist_screens, prompting, screens, upload_states
from flows.engine.events import Event, Page, Say
from flows.engine.flow import Answer, Flow, Form
from flows.engine.questions import Question
from flows.engine.refusals import REFUSALS, explain
from flows.engine.registration import RegistrationStatus
from flows.engine.state import Conversation
from flows.engine.text import Text, Value, button
from flows.engine.turn import TurnState
from tests.flows import answers
from tests.flows.chat import Chat
from tests.flows.form_paths import forms
from tests.flows.test_transcripts import STORIES

WORDS = Languages()
LANGUAGES = tuple(code for code, _name in WORDS.languages())
TODAY = date(2026, 11, 24)
# The longest text that a person may write, in the widest letters.
LONG_NAME = "ӘБДІҒАППАР" * 8
LINK = "https://kosh.example/p/" + "x" * 43
# Values for the placeholders of remarks (fixed sentences). The walk does not supply these values.
FILLED: Mapping[str, Value] = {
    "number": "KZ-2026-TEST",
    "paper": button("Passport"),
    "label": button("Surname"),
    "word": button("That is all"),
    "answer": "TESTOVA",
    "programme": button("Your aim"),
    "ready": 2,
    "all": 10,
    "count": 3,
    "most": 4000,
    "date": date(2026, 12, 1),
}


@cache
def flow_messages(page: Page) -> tuple[Say, ...]:
    """Return every distinct message: questions, screens, outcomes and remarks.

    Questions are returned with and without notes, the sentences that can precede a question.
    """
    found: dict[object, Say] = {}
    for say in (*_walked(page), *_transcript_messages(page), *_outcomes(), *_remarks()):
        signs = tuple((each.label, each.kind, _sign(each.payload)) for each in say.buttons)
        found.setdefault((say.paragraphs, signs), say)
    return tuple(found.values())


def message(say: Say, language: str) -> Message:
    """Return the message that a channel gets, rendered in a language."""
    return Message(
        tuple("\n".join(_rendered(line, language) for line in lines) for lines in say.paragraphs),
        tuple(
            RenderedButton(each.payload or LINK, _rendered(each.label, language), each.kind.value)
            for each in say.buttons
        ),
        language,
        say.progress,
    )


# About 6,000 messages share a few sentences, so rendered ones are cached.
_rendered = cache(WORDS.render)


def _sign(payload: str) -> str:
    """Return a button's payload without its nonce, which differs between equal messages."""
    return payload.partition(":")[2] or payload


def _walked(page: Page) -> Iterator[Say]:
    for flow, form in forms():
        conversation = Conversation("ru", flow.name, {flow.name: form}, is_persistent=True)
        yield from _asked(conversation, page)
        yield from _asked(_with_long_names(conversation, flow, form), page)
    for screen in _screens():
        yield from _asked(screen, page)


def _asked(conversation: Conversation, page: Page) -> Iterator[Say]:
    """Yield a question as it is first asked, and after the longest notes that can precede it."""
    greeting = screens.welcome()
    remarks = ((screens.NO_PICTURES,), (screens.ASK_AGAIN,))
    for notes in ((), remarks if conversation.flow else greeting):
        turn = TurnState(FLOWS, WORDS, conversation, TODAY, page, prompting.ask)
        turn.notes = list(notes)
        turn.ask()
        yield from turn.says


def _with_long_names(conversation: Conversation, flow: Flow, form: Form) -> Conversation:
    """Return the conversation with its names replaced by the longest that the parsers accept."""
    long = {
        key: Answer(LONG_NAME, answer.rev, answer.signature)
        for key, answer in form.answers.items()
        if answer.value in ("Testova", "words")
    }
    form = Form({**form.answers, **long}, form.members, form.cursor)
    return replace(conversation, forms={flow.name: form})


def _screens() -> Iterator[Conversation]:
    yield Conversation()
    yield Conversation("ru")
    yield Conversation("ru", is_persistent=True, registration=RegistrationStatus("sent"))
    yield Conversation("ru", is_persistent=True, muted=True)
    yield Conversation("ru", is_persistent=True, with_officer=True)


@dataclass
class _Listener(Chat):
    """A conversation that records every message."""

    messages: list[Say] = field(default_factory=list)

    def takes(self, event: Event) -> Self:
        super().takes(event)
        self.messages += self.last_messages
        return self


def _transcript_messages(page: Page) -> Iterator[Say]:
    """Yield the messages of the transcripts' conversations, which never use the secure page."""
    for story in STORIES.values() if page is Page.NEVER else ():
        chat = _Listener.start("ru")
        story(chat)
        yield from chat.messages


@cache
def _outcomes() -> tuple[Say, ...]:
    distinct = dict.fromkeys(
        text for name in answers.FLOWS for text in answers.all_sentences(name, TODAY)
    )
    return tuple(Say(((text,),)) for text in distinct)


def _remarks() -> Iterator[Say]:
    """Yield all fixed sentences, and each error message about an answer, for each question."""
    own: list[Any] = [
        *vars(screens).values(),
        *vars(checklist_screens).values(),
        *REFUSALS.values(),
    ]
    for module in (upload_states, screens):
        own += [
            each
            for one in vars(module).values()
            if isinstance(one, Mapping)
            for each in one.values()
        ]
    questions = [each for flow in FLOWS.values() for each in flow.questions()]
    for text in own:
        if isinstance(text, Text):
            yield Say(((_filled(text),),))
    for refusal in REFUSALS:
        yield from (Say(((explain(refusal, each),),)) for each in questions if _fits(each))


def _fits(question: Question) -> bool:
    return bool(question.label.context)


def _filled(text: Text) -> Text:
    used = tuple((name, value) for name, value in FILLED.items() if f"{{{name}}}" in text.msgid)
    return Text(text.msgid, used, text.context)
