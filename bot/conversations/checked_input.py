"""Checks input (a PIN, a code, a number) against stored data when a turn requests it.

A turn cannot read the database. The result of the check continues the turn as a new event.
"""

from collections.abc import Callable
from dataclasses import replace

from bot.budgets.spending import draw_lookup
from bot.cases import invitations
from bot.channels import Inbound
from bot.conversations import joining, outside_budgets
from bot.conversations import store as conversation_store
from bot.conversations.joining import chat_of
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.editorial import referrers
from bot.people import hint_contacts, join_codes, joined_chats, pin
from bot.people.identities import Person
from bot.registrations import status_lookup
from bot.runtime import Runtime
from flows.engine.events import Effect, Event, TryPin
from flows.engine.hints import ConfirmContact, ContactLeft, LeaveContact, RemoveContact
from flows.engine.household import CheckHouseholdCode, HouseholdCodeChecked
from flows.engine.invitations import FindInvitation
from flows.engine.joining import (
    AnswerJoin,
    ChatDisconnected,
    ChooseUpdates,
    Disconnect,
    DisconnectOther,
    FinishJoin,
    IssueJoinCode,
    JoinCodeIssued,
    JoinFinished,
    JoinOffered,
    OfferJoin,
    OtherDisconnected,
    RequestJoin,
)
from flows.engine.referrals import FindReferrer, ReferrerFound
from flows.engine.registration import LookUpStatus
from flows.engine.state import Conversation, Turn

MAX_CODES_DAILY = 3

type Step = Callable[[Conversation, Event], Turn]


async def resolve(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    inbound: Inbound,
    turn: Turn,
    step: Step,
) -> Turn:
    """Make the checks that a stored person's turn requests; return the turn with their results."""
    for effect in turn.effects:
        result = await _result(rt, transaction, held, inbound, effect)
        if result is not None:
            more = _continue(turn, step, result)
            held = replace(held, conversation=more.conversation)
            # Repeat this for the effects that the result of the check added: the right PIN, for
            # example, may lead to another check.
            added = Turn(more.conversation, (), more.effects[len(turn.effects) :])
            rest = await resolve(rt, transaction, held, inbound, added, step)
            return Turn(rest.conversation, (*more.says, *rest.says), (*turn.effects, *rest.effects))
    return turn


async def _result(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    inbound: Inbound,
    effect: Effect,
) -> Event | None:
    match effect:
        case TryPin(typed):
            return await pin.try_pin(transaction, held.person, typed)
        case LookUpStatus():
            return await status_lookup.look_up(rt, transaction, chat_of(inbound), effect)
        case CheckHouseholdCode(code):
            name = f"person:{held.person.id}"
            return HouseholdCodeChecked(await draw_lookup(rt, name, code))
        case IssueJoinCode():
            place = held.home or held.channel
            return JoinCodeIssued(await join_codes.issue(rt, transaction, held.person, place))
        case Disconnect() | DisconnectOther():
            return await _disconnect(transaction, held, effect)
        case FindReferrer() | FindInvitation():
            return await _find(rt, transaction, effect)
        case OfferJoin() | RequestJoin() | FinishJoin():
            return JoinOffered(is_valid=False, has_data=True)
        case LeaveContact() | RemoveContact() | ConfirmContact():
            return await _change_contact(rt, transaction, held.person, effect)
        case AnswerJoin(is_confirmed):
            await join_codes.answer(transaction, held.person, is_confirmed=is_confirmed)
            return None
        case ChooseUpdates(channel):
            await conversation_store.choose_updates(transaction, held.person, channel)
            return None
        case _:
            return None


async def _disconnect(
    transaction: Transaction, held: LockedConversation, effect: Disconnect | DisconnectOther
) -> Event:
    """Check if this chat may be detached, or may detach another one; return the result."""
    chats = await joined_chats.of_person(transaction, held.person)
    if isinstance(effect, DisconnectOther):
        own = joined_chats.detachable(chats, held.home or held.channel)
        return OtherDisconnected(
            effect.channel, any(each.channel == effect.channel for each in own)
        )
    # A visit to the secure page is not a chat that must be detached: its handle expires by itself.
    other = min((each.channel for each in chats if each.channel != held.channel), default="")
    return ChatDisconnected(held.channel, "" if held.home else other)


async def _find(
    rt: Runtime, transaction: Transaction, effect: FindReferrer | FindInvitation
) -> Event:
    """Look up the code of a referrer's link or an invitation; return the result as an event."""
    if isinstance(effect, FindInvitation):
        return await invitations.look_up(rt, transaction, effect.code)
    return ReferrerFound(effect.code, await referrers.find(transaction, effect.code))


async def _change_contact(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    effect: LeaveContact | RemoveContact | ConfirmContact,
) -> Event | None:
    """Store, remove or confirm the person's address for hints; return the result of a check."""
    match effect:
        case LeaveContact(way, address):
            return ContactLeft(await _leave_contact(rt, transaction, person, way, address))
        case RemoveContact():
            await hint_contacts.remove(transaction, person.id)
            return None
        case ConfirmContact(typed):
            return await hint_contacts.confirm(transaction, person, typed)


async def _leave_contact(
    rt: Runtime, transaction: Transaction, person: Person, way: str, address: str
) -> bool:
    """Store the person's e-mail address or phone number for hints, and request a code for it.

    A hint is a notice that the chat has news. Returns False if too many codes were requested: for
    this address, by this person, or by all people together.
    """
    if not await outside_budgets.draw_daily(
        rt,
        "hint",
        f"{person.id}",
        _mailbox(address) if way == "email" else address,
        hourly=rt.settings.hint_codes_hourly,
        daily=rt.settings.hint_codes_daily,
        own_daily=MAX_CODES_DAILY,
    ):
        return False
    await hint_contacts.leave(transaction, person, way, address)
    return True


def _mailbox(address: str) -> str:
    """Return an e-mail address in lower case without a +tag, so that variants share a limit."""
    local, _at, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


async def resolve_anonymous(rt: Runtime, inbound: Inbound, turn: Turn, step: Step) -> Turn:
    """Make the first check that an anonymous person's turn requests; continue with its result.

    Returns the turn unchanged if it requests no check.
    """
    for effect in turn.effects:
        match effect:
            case LookUpStatus():
                async with rt.pool.connection() as transaction:
                    found: Event = await status_lookup.look_up(
                        rt, transaction, chat_of(inbound), effect
                    )
            case FindReferrer() | FindInvitation():
                async with rt.pool.connection() as transaction:
                    found = await _find(rt, transaction, effect)
            case OfferJoin():
                async with rt.pool.connection() as transaction:
                    found = await joining.offer(rt, transaction, inbound, effect)
            case RequestJoin():
                found = await joining.request(rt, inbound, effect)
            case FinishJoin():
                found = JoinFinished()
            case _:
                continue
        return _continue(turn, step, found)
    return turn


def _continue(turn: Turn, step: Step, result: Event) -> Turn:
    more = step(turn.conversation, result)
    effects: tuple[Effect, ...] = (*turn.effects, *more.effects)
    return Turn(more.conversation, (*turn.says, *more.says), effects)
