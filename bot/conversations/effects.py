"""Applies the effects of a turn in its transaction, such as opening a case.

`carry_out` is the last step of a turn: effects, conversation and messages commit together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from bot import cases, outbox, uploads
from bot.broadcasts import archive
from bot.cases import invitations, message_limits
from bot.channels import ChannelCall, Inbound, message_ids
from bot.channels.webchat import WebChat
from bot.conversations import planned_hints, secure_page, unjoining
from bot.conversations import store as conversation_store
from bot.conversations.bursts import SPARE_SECONDS, WaitingTurn
from bot.conversations.outside_questions import Question, question_of
from bot.conversations.store import LockedConversation
from bot.conversations.unsent_calls import UnsentRest
from bot.db.connection import Transaction
from bot.editorial import referrers, wording_reports
from bot.observability import metrics
from bot.outbox import ClaimedMessage
from bot.people import consents, identities, pin, reminders, subscriptions
from bot.people.identities import Person
from bot.printing import share_links
from bot.privacy import data_export, erasure
from bot.registrations import submissions
from bot.runtime import Runtime
from bot.understanding import suggestions
from flows.engine.events import (
    CancelCase,
    ConsentGiven,
    DeleteInput,
    Effect,
    Export,
    Forget,
    NotUnderstood,
    PrintList,
    QuickExit,
    Rated,
    Relay,
    Remind,
    Say,
    SetPin,
    Stopped,
    SuggestPhrase,
    TakeFile,
    TryPin,
    UploadReceived,
    Withdraw,
)
from flows.engine.flow import OpenCase, ReadNews, SendPapers, Submit, Subscribe
from flows.engine.hints import ConfirmContact, LeaveContact, RemoveContact
from flows.engine.household import ChangeHousehold, CheckHouseholdCode
from flows.engine.invitations import FindInvitation
from flows.engine.joining import (
    AnswerJoin,
    ChooseUpdates,
    FinishJoin,
    IssueJoinCode,
    LeaveConversation,
    OfferJoin,
    RequestJoin,
    Unjoin,
)
from flows.engine.message_limits import AppealLimit
from flows.engine.model_events import (
    ChooseIntent,
    ConsentWithdrawn,
    ReportWording,
    Transcribe,
    WatchList,
)
from flows.engine.referrals import CountReferral, FindReferrer
from flows.engine.registration import AnswerRegistry, LookUpStatus
from flows.engine.state import Conversation, Turn


@dataclass(frozen=True, slots=True)
class Erased:
    """Key of the anonymous session with the ids of a chat's last messages, for deleting them."""

    key: str
    language: str


@dataclass(frozen=True, slots=True)
class AfterCommit:
    """Work to do after the commit of a turn, such as sending its messages.

    `claimed_message` is the first message, if this process has claimed it. `direct` are channel
    calls without an outbox row.
    """

    person: Person | None
    claimed_message: ClaimedMessage | None
    direct: tuple[tuple[str, ChannelCall], ...] = ()
    sheet: share_links.Sheet | None = None
    erased: Erased | None = None
    rest: UnsentRest | None = None
    question: Question | None = None
    waiting: WaitingTurn | None = None
    counted: wording_reports.Counted | None = None


@dataclass(slots=True)
class _TurnEffects:
    """Rows, messages and deletions that the effects of a turn cause, collected while applied."""

    epoch: int
    rows: list[outbox.Row]
    says: list[Say] = field(default_factory=list)
    erased: bool = False
    silent: bool = False
    sent_messages: outbox.SentMessages = field(default_factory=dict)


async def carry_out(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    turn: Turn,
    inbound: Inbound | None,
    *,
    moved: bool = False,
    notice: Sequence[Say] = (),
    waiting: WaitingTurn | None = None,
) -> AfterCommit:
    """Apply a turn's effects, save the turn, queue its messages; return the work after the commit.

    `notice` or `waiting` delay the messages; `moved` drops unsent ones of the previous owner.
    """
    work = _TurnEffects(held.epoch + moved, [])
    for effect in turn.effects:
        await _apply(rt, transaction, held, turn.conversation, effect, inbound, work)
    await referrers.count(transaction, turn.effects)
    if any(isinstance(effect, OpenCase | Submit) for effect in turn.effects):
        await cases.note_mission(transaction, held.person.id, turn.conversation.forms)
    pressed = inbound.message_id if inbound and inbound.press_id else ""
    if secure_page.returns_to_messenger(held, turn):
        language = turn.conversation.language
        held, pressed = await secure_page.return_to_messenger(rt, transaction, held, language), ""
    says, sheet = share_links.add_links(rt, turn)
    shown = await archive.render(transaction, turn, held.person.id)
    says = (*shown, *await secure_page.add_links(rt, transaction, held, says), *work.says)
    written = (*outbox.rows(rt, says, held.channel, work.epoch, pressed), *work.rows)
    written = () if work.silent else written
    if notice:
        await outbox.enqueue(transaction, held.person, held.channel, written, waits=True)
        written = outbox.rows(rt, notice, held.channel, work.epoch, "")
    leaves = any(isinstance(effect, LeaveConversation) for effect in turn.effects)
    if leaves:
        await unjoining.leave(rt, transaction, held, turn.conversation)
    if leaves or work.erased:
        sent = {} if leaves else work.sent_messages
        return _final_messages(rt, held, written, sent, turn.conversation.language, inbound)
    await conversation_store.note_opening(transaction, held, turn)
    await planned_hints.note(transaction, held, turn, inbound, notice)
    if waiting is not None and inbound is not None:
        return await _delay_messages(rt, transaction, held, turn, inbound, written, waiting)
    note = conversation_store.deletable_note(rt, held, turn, inbound) if inbound else None
    message = await conversation_store.save(
        rt, transaction, held, turn.conversation, work.epoch, written, note=note, last=bool(inbound)
    )
    question = question_of(turn, inbound, held.person.id)
    counted = wording_reports.reported_sentence(turn.effects, inbound)
    return AfterCommit(held.person, message, sheet=sheet, question=question, counted=counted)


async def _delay_messages(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    turn: Turn,
    inbound: Inbound,
    written: Sequence[outbox.Row],
    waiting: WaitingTurn,
) -> AfterCommit:
    """Save the turn and queue its messages, to be sent after the wait even if this process dies."""
    seconds = rt.settings.burst_seconds + SPARE_SECONDS
    waiting.rows = await conversation_store.save_delayed(
        rt, transaction, held, turn, written, inbound, seconds
    )
    question = question_of(turn, inbound, held.person.id)
    return AfterCommit(held.person, None, question=question, waiting=waiting)


def _final_messages(
    rt: Runtime,
    held: LockedConversation,
    written: Sequence[outbox.Row],
    sent_messages: outbox.SentMessages,
    language: str,
    inbound: Inbound | None,
) -> AfterCommit:
    """Return the last messages to a chat without stored data, as channel calls without rows."""
    chats = [each for each in sent_messages.items() if each[0][0] in rt.channels]
    acts = [
        (channel, ChannelCall("delete", address, None, row.external_id))
        for (channel, address), external_ids in chats
        for row in outbox.deletion(rt, channel, external_ids)
    ]
    notices = outbox.undeleted_notice(rt, [channel for channel, _ in sent_messages], language)
    rows = (*written, *(outbox.Row("send", outbox.rendered(rt, say)) for say in notices))
    words = [ChannelCall(row.act, held.address, row.message, row.external_id) for row in rows]
    final = AfterCommit(None, None, (*acts, *((held.channel, act) for act in words)))
    if inbound is None:
        return final
    key = rt.vault.ask_key(inbound.channel, inbound.handle, held.now.date())
    return replace(final, erased=Erased(key, language))


# Effects that other modules apply, either during the turn or after its commit.
_OTHER_EFFECTS = (
    PrintList | ReadNews | ChooseIntent | Transcribe | ReportWording | TryPin | LookUpStatus
    | CheckHouseholdCode | LeaveConversation | IssueJoinCode | OfferJoin | RequestJoin
    | AnswerJoin | FinishJoin | ChooseUpdates | Unjoin | FindReferrer
    | FindInvitation | CountReferral | LeaveContact | ConfirmContact | RemoveContact
)  # fmt: skip


async def _apply(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    conversation: Conversation,
    effect: Effect,
    inbound: Inbound | None,
    work: _TurnEffects,
) -> None:
    """Apply one effect in the turn's transaction; collect its results in `work`."""
    person = held.person
    if isinstance(effect, _OTHER_EFFECTS):
        return
    match effect:
        case OpenCase():
            network, c = inbound.network if inbound else b"", conversation
            opened = await invitations.open_case(
                rt, transaction, person, effect, c.language, c.forms, network=network
            )
            work.epoch += 1
            work.rows += _promise_rows(rt, opened, conversation.language)
        case CancelCase():
            await cases.cancel(transaction, person.id)
            work.epoch += 1
        case Forget():
            work.sent_messages = await outbox.find_all(transaction, person)
            others = await _take_deletable(transaction, held, inbound)
            for (channel, _address), external_ids in work.sent_messages.items():
                external_ids.extend(others.get(channel, ()))
            await erasure.erase(rt, transaction, person)
            work.erased = True
        case Export():
            work.rows += await _export_rows(rt, transaction, held, conversation)
        case DeleteInput():
            typed = message_ids.of_event(inbound) if inbound else ()
            deletion = outbox.deletion(rt, held.channel, typed)
            work.rows += await secure_page.queue_for_page(transaction, held, deletion)
        case QuickExit():
            await _leave_chat(rt, transaction, held, conversation.language, inbound, work)
        case SetPin(new_pin):
            await pin.set_pin(transaction, person, new_pin)
        case NotUnderstood(language, step):
            metrics.NOT_UNDERSTOOD.labels(language, step).inc()
        case SuggestPhrase(language, text):
            await suggestions.add(transaction, language, text)
        case _:
            await _record(rt, transaction, held, conversation, effect)


async def _export_rows(
    rt: Runtime, transaction: Transaction, held: LockedConversation, conversation: Conversation
) -> list[outbox.Row]:
    """Return the export of the person's data as an outbox row to send."""
    row = await data_export.export(rt, transaction, held.person, conversation, held.now)
    return await secure_page.queue_for_page(transaction, held, (row,))


async def _leave_chat(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    language: str,
    inbound: Inbound | None,
    work: _TurnEffects,
) -> None:
    """Delete the chat's messages as far as the channel allows, and the handle of a web chat."""
    person = held.person
    last = await outbox.drop_unsent(transaction, person.id, held.channel)
    sent = await outbox.recent(transaction, person.id, held.channel)
    others = await _take_deletable(transaction, held, inbound, held.channel)
    deleted_ids = (*others.get(held.channel, ()), *sent)
    work.rows += outbox.deletion(rt, held.channel, deleted_ids, last=last)
    work.says += outbox.undeleted_notice(rt, [held.channel], language)
    if held.channel == WebChat.name and inbound is not None:
        await identities.end_handle(rt, transaction, held.channel, inbound.handle)
        await outbox.forget_texts(transaction, person.id, held.channel)
        # Send no message: the browser has left the page, and an ended web chat cannot be opened
        # again.
        work.silent = True


async def _take_deletable(
    transaction: Transaction, held: LockedConversation, inbound: Inbound | None, channel: str = ""
) -> dict[str, list[str]]:
    """Delete the stored notes of deletable messages; return the ids of these messages by channel.

    The ids include those of the current message. An empty `channel` means all channels.
    """
    found = await conversation_store.take_deletable(transaction, held, channel)
    if inbound is not None:
        found.setdefault(inbound.channel, []).extend(message_ids.of_event(inbound))
    return found


type _Recorded = (
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


async def _record(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    conversation: Conversation,
    effect: _Recorded,
) -> None:
    """Apply an effect that only writes rows: call a function of the module that owns the table."""
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
            delay = rt.settings.burst_seconds
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


def _promise_rows(rt: Runtime, opened: cases.Opened, language: str) -> list[outbox.Row]:
    if not opened.promise:
        return []
    say = Say((opened.promise,), language=language, service=True)
    return [outbox.Row("send", outbox.rendered(rt, say))]
