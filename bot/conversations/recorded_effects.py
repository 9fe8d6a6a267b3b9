"""Applies the effects of a turn that only write rows of other packages, such as a consent."""

from typing import assert_never

from bot import cases, uploads
from bot.cases import message_limits
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.people import consents, reminders, subscriptions
from bot.registrations import submissions
from bot.runtime import Runtime
from flows.engine.effects import SendPapers, Submit, Subscribe
from flows.engine.events import (
    ConsentGiven,
    Rated,
    Relay,
    Remind,
    Stopped,
    TakeFile,
    UploadReceived,
    Withdraw,
)
from flows.engine.household import ChangeHousehold
from flows.engine.message_limits import AppealLimit
from flows.engine.model_events import ConsentWithdrawn, WatchList
from flows.engine.registration import AnswerRegistry
from flows.engine.state import Conversation

type RecordedEffect = (
    ConsentGiven
    | ConsentWithdrawn
    | Submit
    | Withdraw
    | AnswerRegistry
    | ChangeHousehold
    | Relay
    | AppealLimit
    | Rated
    | Remind
    | WatchList
    | TakeFile
    | UploadReceived
    | SendPapers
    | Subscribe
    | Stopped
)


async def record(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    conversation: Conversation,
    effect: RecordedEffect,
) -> None:
    """Apply an effect: call a function of the package that owns the table."""
    person = held.person
    match effect:
        case ConsentGiven(purpose, text, shown_in) | ConsentWithdrawn(purpose, text, shown_in):
            shown = rt.languages.render(text, shown_in)
            given = isinstance(effect, ConsentGiven)
            await consents.record_consent(
                transaction, person, purpose, shown, shown_in, held.channel, given=given
            )
        case Submit() | Withdraw() | AnswerRegistry() | ChangeHousehold():
            await submissions.queue(rt, transaction, person, conversation, effect)
        case Relay() | AppealLimit():
            await _pass_on(transaction, held, effect)
        case Rated(rating):
            await cases.rate(transaction, person.id, rating)
        case Remind(days):
            await reminders.put(transaction, person.id, days)
        case WatchList(traits):
            await subscriptions.watch_list(rt, transaction, person.id, traits)
        case TakeFile(place, ref, size):
            delay = rt.settings.debounce_seconds
            channel = held.channel
            await uploads.begin(transaction, person, place, channel, ref, size=size, delay=delay)
        case UploadReceived():
            await cases.note_upload(transaction, person)
        case SendPapers():
            await uploads.release(transaction, person.id)
        case Subscribe(topics, discreet, traits):
            await subscriptions.put(rt, transaction, person.id, topics, traits, discreet=discreet)
        case Stopped():
            await subscriptions.unsubscribe(transaction, person.id)
        case _:
            assert_never(effect)


async def _pass_on(
    transaction: Transaction, held: LockedConversation, words: Relay | AppealLimit
) -> None:
    """Store a person's message to the officer of the case, or an appeal to a lead (supervisor)."""
    if isinstance(words, Relay):
        return await cases.relay(transaction, held.person, words, held.channel)
    await message_limits.appeal(transaction, held.person, words.words)
