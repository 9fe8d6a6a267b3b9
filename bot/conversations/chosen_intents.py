"""Asks the external model after a turn, outside of its transaction, and answers with its choice.

The words are only in the memory of this process: if it ends, the ordinary answer remains.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from bot.cache import CacheUnavailable, Draw
from bot.channels import Inbound
from bot.conversations import anonymous
from bot.conversations.unsent_calls import UnsentRest
from bot.observability import logging
from bot.runtime import Runtime
from bot.understanding import external_model
from bot.understanding.external_model import Outcome
from flows.engine.conversation import step
from flows.engine.model_events import ChooseIntent, IntentChosen
from flows.engine.state import Turn
from flows.knowledge.intents import BY_ID

HOUR = 3600

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class Question:
    """A message for the external model, and its author: a known person, or an anonymous session."""

    text: str = field(repr=False)
    nonce: int
    person: UUID | None
    session: str = ""
    inbound: Inbound | None = field(default=None, repr=False)


type TakeChoice = Callable[[Runtime, UUID, IntentChosen], Awaitable[None]]


def question_of(
    turn: Turn, person: UUID | None, session: str = "", inbound: Inbound | None = None
) -> Question | None:
    """Return what a turn asks the external model, if anything."""
    for effect in turn.effects:
        if isinstance(effect, ChooseIntent):
            return Question(effect.text, effect.nonce, person, session, inbound)
    return None


def ask_later(rt: Runtime, question: Question, take: TakeChoice) -> None:
    """Ask the model in a task of its own; `take` processes the choice for a known person."""
    task = asyncio.create_task(_ask(rt, question, take))
    rt.later.add(task)
    task.add_done_callback(rt.later.discard)


async def _ask(rt: Runtime, question: Question, take: TakeChoice) -> None:
    """Ask once; the person has the ordinary answer in any case."""
    try:
        intent = await _choice(rt, question)
        if intent is None:
            return
        chosen = IntentChosen(intent, question.nonce)
        if question.person is not None:
            await take(rt, question.person, chosen)
        elif question.inbound is not None:
            await _answer_anonymous(rt, question.session, question.inbound, chosen)
    except Exception:
        _logger.warning("model.answer_lost", exc_info=True)


async def _choice(rt: Runtime, question: Question) -> str | None:
    replies = rt.understanding.replies
    topics = {each: BY_ID[each].about for each, reply in replies.items() if reply.is_choosable}
    if rt.model is None:
        return None
    if not await _within_budget(rt, question):
        external_model.count(Outcome.BUDGET)
        return None
    return await rt.model.choose(question.text, topics)


async def _within_budget(rt: Runtime, question: Question) -> bool:
    """Draw one question from both budgets; without Valkey none is sent."""
    today, author = datetime.now(UTC).date(), question.session or str(question.person)
    limits = (
        ("all", rt.settings.external_model_hourly),
        (author, rt.settings.external_model_person_hourly),
    )
    draws = [
        Draw(f"model:{rt.vault.ask_key('model', name, today)[:16]}", most / HOUR, most)
        for name, most in limits
    ]
    try:
        return await rt.live.draw(draws) == 0
    except CacheUnavailable:
        return False


async def _answer_anonymous(rt: Runtime, key: str, inbound: Inbound, chosen: IntentChosen) -> None:
    token = uuid4().hex
    held = await anonymous.hold(rt, key, token)
    if held is None or held.known:
        return
    ask = anonymous.asked(rt, key, held.blob)
    try:
        today = rt.content.on(datetime.now(UTC).date())
        page = rt.channels[inbound.channel].page
        understood = rt.understanding
        turn = step(rt.flows, rt.languages, ask.conversation, chosen, today, page, understood)
        # The message itself was noted by its own turn.
        sent = await anonymous.answer(rt, dataclasses.replace(inbound, message_id=""), ask, turn)
        ask = msgspec.structs.replace(sent, conversation=turn.conversation)
    finally:
        await anonymous.keep(rt, key, token, ask)
    if ask.unsent:
        anonymous.send_later(rt, UnsentRest(key, inbound.channel, inbound.address))
