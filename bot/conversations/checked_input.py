"""Checks within a turn: input is compared with stored data, and the turn continues."""

from collections.abc import Callable

from bot.channels import Inbound
from bot.db.connection import Transaction
from bot.people import pin
from bot.people.identities import Person
from bot.registrations import status_lookup
from bot.runtime import Runtime
from flows.engine.events import Effect, Event, TryPin
from flows.engine.registration import LookUpStatus
from flows.engine.state import Conversation, Turn

type Step = Callable[[Conversation, Event], Turn]


async def resolve(
    rt: Runtime, transaction: Transaction, person: Person, inbound: Inbound, turn: Turn, step: Step
) -> Turn:
    """Return the turn of a known person, continued with the result of its check."""
    for effect in turn.effects:
        if isinstance(effect, TryPin):
            return _continued(turn, step, await pin.try_pin(transaction, person, effect.pin))
        if isinstance(effect, LookUpStatus):
            found = await status_lookup.look_up(rt, transaction, _chat(inbound), effect)
            return _continued(turn, step, found)
    return turn


async def resolve_anonymous(rt: Runtime, inbound: Inbound, turn: Turn, step: Step) -> Turn:
    """Return the turn of an anonymous person, continued with the result of its check."""
    asked = next((each for each in turn.effects if isinstance(each, LookUpStatus)), None)
    if asked is None:
        return turn
    async with rt.pool.connection() as transaction:
        found = await status_lookup.look_up(rt, transaction, _chat(inbound), asked)
    return _continued(turn, step, found)


def _chat(inbound: Inbound) -> str:
    return f"{inbound.channel}:{inbound.handle}"


def _continued(turn: Turn, step: Step, result: Event) -> Turn:
    more = step(turn.conversation, result)
    effects: tuple[Effect, ...] = (*turn.effects, *more.effects)
    return Turn(more.conversation, (*turn.says, *more.says), effects)
