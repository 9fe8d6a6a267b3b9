"""Asks an external program after a turn, outside of its transaction; the result is a new event.

Texts and recordings are only in the memory of this process. If the process ends, the question is
lost. The person then only has the answer that the turn gave.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID, uuid4

import msgspec

from bot.channels import Inbound
from bot.conversations import anonymous, chosen_intents, transcriptions
from bot.conversations.unsent_calls import UnsentRest
from bot.observability import logging
from bot.runtime import Runtime
from flows.engine.conversation import step
from flows.engine.model_events import ChooseIntent, ModelEvent, Transcribe
from flows.engine.state import Turn

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class Question:
    """A question to an external program: the model for topics, or the transcriber.

    `session` is the key of the session if the author is anonymous, "" otherwise.
    """

    effect: ChooseIntent | Transcribe = field(repr=False)
    inbound: Inbound = field(repr=False)
    person: UUID | None
    session: str = ""

    @property
    def author(self) -> str:
        """Return the author's name for the rate limits, which store only a hash of it."""
        return self.session or str(self.person)


type TakeResult = Callable[[Runtime, UUID, ModelEvent], Awaitable[None]]


def question_of(
    turn: Turn, inbound: Inbound | None, person: UUID | None, session: str = ""
) -> Question | None:
    """Return the question to an external program that a turn requests; None if it requests none."""
    for effect in turn.effects:
        if inbound is not None and isinstance(effect, ChooseIntent | Transcribe):
            return Question(effect, inbound, person, session)
    return None


def ask_later(rt: Runtime, question: Question, take: TakeResult) -> None:
    """Ask the external program in a background task.

    `take` processes the result if the author is a stored person.
    """
    task = asyncio.create_task(_ask(rt, question, take))
    rt.background_tasks.add(task)
    task.add_done_callback(rt.background_tasks.discard)


async def _ask(rt: Runtime, question: Question, take: TakeResult) -> None:
    """Ask the external program once and process the result.

    Errors are only logged, because the turn that asked was answered already.
    """
    try:
        result = await _result(rt, question)
        if result is None:
            return
        if question.person is not None:
            await take(rt, question.person, result)
        else:
            await _answer_anonymous(rt, question.session, question.inbound, result)
    except Exception:
        _logger.warning("model.answer_lost", exc_info=True)


async def _result(rt: Runtime, question: Question) -> ModelEvent | None:
    match question.effect:
        case ChooseIntent() as effect:
            return await chosen_intents.choose(rt, effect, question.author)
        case Transcribe() as effect:
            channel = rt.channels[question.inbound.channel]
            return await transcriptions.transcribe(rt, effect, channel, question.author)
        case _:
            assert_never(question.effect)


async def _answer_anonymous(rt: Runtime, key: str, inbound: Inbound, result: ModelEvent) -> None:
    token = uuid4().hex
    held = await anonymous.hold(rt, key, token)
    if held is None or held.known:
        return
    ask = anonymous.decode(rt, key, held.blob)
    try:
        if ask == anonymous.AnonymousSession():
            # The session has expired, or a later turn has moved it after midnight.
            return
        today = rt.content.on(datetime.now(UTC).date())
        page = rt.channels[inbound.channel].page
        understood = rt.understanding
        turn = step(rt.flows, rt.languages, ask.conversation, result, today, page, understood)
        # The message's id is omitted, because the turn of this message has already noted the id for
        # deletion.
        without_message_id = dataclasses.replace(inbound, message_id="")
        session = anonymous.OpenSession(key, token, ask)
        sent = await anonymous.answer(rt, without_message_id, session, turn)
        ask = msgspec.structs.replace(sent, conversation=turn.conversation)
    finally:
        await anonymous.keep(rt, key, token, ask)
    if ask.unsent:
        anonymous.send_later(rt, UnsentRest(key, inbound.channel, inbound.address))
