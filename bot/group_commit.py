"""Plain turns of several people in one transaction: they share its trips and what a commit costs.

Plain is a turn whose only trace are the conversation and its messages, as nearly all are. Whatever
does more goes alone (`inbox` says how), and so does everybody if anything here goes wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg_pool import PoolTimeout

from bot import conversations, log, outbox, trips
from bot.channels import Inbound
from bot.conversations import Held
from bot.outbox import Parcel
from bot.people import Person
from bot.queue import Session
from bot.runtime import Runtime
from flows.engine.events import DeleteInput, Kind
from flows.engine.state import Turn

_logger = log.get()


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn that is committed, or of an update that was: nothing is to be sent then."""

    person: Person | None = None
    parcel: Parcel | None = None


@dataclass(frozen=True, slots=True)
class Alone:
    """Nothing has happened; `stranger_at` is the time at which nobody was known there."""

    stranger_at: datetime | None = None


async def take(rt: Runtime, inbounds: Sequence[Inbound]) -> Sequence[Taken | Alone]:
    """One turn each, of different people."""
    if rt.vault.rotating:
        return [Alone()] * len(inbounds)
    try:
        async with rt.pool.connection() as session:
            return await _take(rt, session, inbounds)
    except (psycopg.OperationalError, PoolTimeout):
        raise
    except Exception:
        _logger.warning("turns.parted", exc_info=True)
        return [Alone()] * len(inbounds)


@dataclass(frozen=True, slots=True)
class _Planned:
    held: Held
    written: tuple[outbox.Row, ...]
    call: trips.Call


async def _take(
    rt: Runtime, session: Session, inbounds: Sequence[Inbound]
) -> Sequence[Taken | Alone]:
    looked = await conversations.look(rt, session, inbounds)
    found: list[Taken | Alone | _Planned] = []
    people = set()
    for inbound, seen in zip(inbounds, looked, strict=True):
        held = seen.held
        if held is None:
            found.append(Alone(None if seen.known else seen.now))
        elif seen.known:
            found.append(Taken())
        elif held.person.id in people:
            found.append(Alone())
        else:
            people.add(held.person.id)
            found.append(_planned(rt, inbound, held) or Alone())
    planned = [each for each in found if isinstance(each, _Planned)]
    saved = iter(await trips.commit_all(session, [each.call for each in planned]))
    return [
        _taken(rt, each, next(saved)) if isinstance(each, _Planned) else each for each in found
    ]


def _planned(rt: Runtime, inbound: Inbound, held: Held) -> _Planned | None:
    if conversations.is_to_note(rt, held, inbound) or held.home:
        return None
    turn = conversations.turn(rt, held, inbound.event)
    if not _is_plain(turn):
        return None
    pressed = inbound.message_id if inbound.press_id else ""
    written = outbox.rows(rt, turn.says, held.channel, held.epoch, pressed)
    if turn.effects:
        written += outbox.deletion(rt, held.channel, [inbound.message_id])
    return _Planned(
        held, written, conversations.noting(rt, inbound, held, turn.conversation, written)
    )


def _is_plain(turn: Turn) -> bool:
    return all(isinstance(effect, DeleteInput) for effect in turn.effects) and not any(
        each.kind is Kind.PAGE for say in turn.says for each in say.buttons
    )


def _taken(rt: Runtime, planned: _Planned, saved: trips.Rows) -> Taken:
    if planned.written and not saved:
        return Taken()
    parcel = conversations.parcel(rt, planned.held, planned.written, saved)
    return Taken(planned.held.person, parcel)
