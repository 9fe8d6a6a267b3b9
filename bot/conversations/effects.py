"""Applies the effects of a turn in its transaction, such as opening a case.

`carry_out` is the last step of a turn: effects, conversation and messages commit together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from bot import cases, outbox
from bot.broadcasts import archive
from bot.cases import invitations
from bot.channels import ChannelCall, Inbound, message_ids
from bot.channels.webchat import WebChat
from bot.conversations import disconnecting, planned_hints, recorded_effects, secure_page
from bot.conversations import store as conversation_store
from bot.conversations.bursts import SPARE_SECONDS, WaitingTurn
from bot.conversations.outside_questions import Question, question_of
from bot.conversations.store import LockedConversation
from bot.conversations.unsent_calls import UnsentRest
from bot.db.connection import Transaction
from bot.editorial import referrers, wording_reports
from bot.observability import metrics
from bot.outbox import ClaimedMessage
from bot.people import identities, pin
from bot.people.identities import Person
from bot.printing import share_links
from bot.privacy import data_export, erasure
from bot.runtime import Runtime
from bot.understanding import suggestions
from flows.engine.effects import OpenCase, ReadNews, Submit
from flows.engine.events import (
    CancelCase,
    DeleteInput,
    Effect,
    Export,
    Forget,
    NotUnderstood,
    PrintList,
    QuickExit,
    Say,
    SetPin,
    SuggestPhrase,
    TryPin,
)
from flows.engine.hints import ConfirmContact, LeaveContact, RemoveContact
from flows.engine.household import CheckHouseholdCode
from flows.engine.invitations import FindInvitation
from flows.engine.joining import (
    AnswerJoin,
    ChooseUpdates,
    Disconnect,
    DisconnectOther,
    EndChat,
    FinishJoin,
    IssueJoinCode,
    LeaveConversation,
    OfferJoin,
    RequestJoin,
)
from flows.engine.model_events import ChooseIntent, ReportWording, Transcribe
from flows.engine.referrals import CountReferral, FindReferrer
from flows.engine.registration import LookUpStatus
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


@dataclass(frozen=True, slots=True)
class CaseNotice:
    """The notice that messages about a case wait; `says` is empty if an earlier one is unopened."""

    says: Sequence[Say]
    case_id: UUID


@dataclass(slots=True)
class _TurnEffects:
    """Rows, messages and deletions that the effects of a turn cause, collected while applied."""

    inbound: Inbound | None
    epoch: int
    rows: list[outbox.Row] = field(default_factory=list)
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
    notice: CaseNotice | None = None,
    waiting: WaitingTurn | None = None,
) -> AfterCommit:
    """Apply a turn's effects, save the turn, queue its messages; return the work after the commit.

    `notice` or `waiting` delay the messages; `moved` drops unsent ones of the previous owner.
    """
    work = _TurnEffects(inbound, held.epoch + moved)
    await _apply_all(rt, transaction, held, turn, work)
    held = replace(held, epoch=work.epoch)
    direct = await disconnecting.end_others(rt, transaction, held, turn)
    pressed = inbound.message_id if inbound and inbound.press_id else ""
    if secure_page.returns_to_messenger(held, turn):
        language = turn.conversation.language
        held, pressed = await secure_page.return_to_messenger(rt, transaction, held, language), ""
    written, sheet = await _write_messages(rt, transaction, held, turn, work, pressed)
    if notice is not None:
        await _withhold(rt, transaction, held, written, notice)
        written = ()
    leaves = any(isinstance(effect, LeaveConversation) for effect in turn.effects)
    if leaves:
        await disconnecting.leave(rt, transaction, held, turn.conversation)
    if leaves or work.erased:
        sent = {} if leaves else work.sent_messages
        return _final_messages(rt, held, written, sent, turn.conversation.language, inbound)
    await conversation_store.note_opening(transaction, held, turn)
    await planned_hints.note(transaction, held, turn, inbound, notice.says if notice else ())
    if waiting is not None and inbound is not None:
        return await _delay_messages(rt, transaction, held, turn, inbound, written, waiting)
    after = await _queue_messages(rt, transaction, held, turn, inbound, written)
    return replace(after, direct=direct, sheet=sheet)


async def _write_messages(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    turn: Turn,
    work: _TurnEffects,
    pressed: str,
) -> tuple[tuple[outbox.Row, ...], share_links.Sheet | None]:
    """Return the turn's messages as outbox rows with their links, and the checklist to print."""
    says, sheet = share_links.add_links(rt, turn)
    shown = await archive.render(transaction, turn, held.person.id)
    says = (*shown, *await secure_page.add_links(rt, transaction, held, says), *work.says)
    rows = (*outbox.rows(rt, says, held.channel, work.epoch, pressed), *work.rows)
    return () if work.silent else rows, sheet


async def _withhold(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    written: Sequence[outbox.Row],
    notice: CaseNotice,
) -> None:
    """Queue messages to wait until the person opens the notice, and the notice to be sent."""
    await outbox.enqueue(transaction, held.person, held.channel, written, waits=True)
    rows = outbox.rows(rt, notice.says, held.channel, held.epoch, "")
    shown = [replace(row, case_id=notice.case_id) for row in rows]
    await outbox.enqueue(transaction, held.person, held.channel, shown)


async def _queue_messages(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    turn: Turn,
    inbound: Inbound | None,
    written: Sequence[outbox.Row],
) -> AfterCommit:
    """Save the turn and queue its messages, to be sent after the commit."""
    note = conversation_store.deletable_note(rt, held, turn, inbound) if inbound else None
    message = await conversation_store.save(
        rt, transaction, held, turn.conversation, written, note=note, last=bool(inbound)
    )
    question = question_of(turn, inbound, held.person.id)
    counted = wording_reports.reported_sentence(turn.effects, inbound)
    return AfterCommit(held.person, message, question=question, counted=counted)


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
    seconds = rt.settings.debounce_seconds + SPARE_SECONDS
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
    | AnswerJoin | FinishJoin | ChooseUpdates | Disconnect | DisconnectOther | EndChat
    | FindReferrer | FindInvitation | CountReferral | LeaveContact | ConfirmContact | RemoveContact
)  # fmt: skip


async def _apply_all(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    turn: Turn,
    work: _TurnEffects,
) -> None:
    """Apply the turn's effects in their order, then those that depend on several of them."""
    for effect in turn.effects:
        await _apply(rt, transaction, held, turn.conversation, effect, work)
    await referrers.count(transaction, turn.effects)
    if any(isinstance(effect, OpenCase | Submit) for effect in turn.effects):
        await cases.note_mission(transaction, held.person.id, turn.conversation.forms)


async def _apply(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    conversation: Conversation,
    effect: Effect,
    work: _TurnEffects,
) -> None:
    """Apply one effect in the turn's transaction; collect its results in `work`."""
    person = held.person
    if isinstance(effect, _OTHER_EFFECTS):
        return
    match effect:
        case OpenCase():
            await _open_case(rt, transaction, person, conversation, effect, work)
        case CancelCase():
            await cases.cancel(transaction, person.id)
            work.epoch += 1
        case Forget():
            await _erase(rt, transaction, held, work)
        case Export():
            work.rows += await _export_rows(rt, transaction, held, conversation)
        case DeleteInput():
            typed = message_ids.of_event(work.inbound) if work.inbound else ()
            deletion = outbox.deletion(rt, held.channel, typed)
            work.rows += await secure_page.queue_for_page(transaction, held, deletion)
        case QuickExit():
            await _leave_chat(rt, transaction, held, conversation.language, work)
        case SetPin(new_pin):
            await pin.set_pin(transaction, person, new_pin)
        case NotUnderstood(language, step):
            metrics.NOT_UNDERSTOOD.labels(language, step).inc()
        case SuggestPhrase(language, text):
            await suggestions.add(transaction, language, text)
        case _:
            await recorded_effects.record(rt, transaction, held, conversation, effect)


async def _open_case(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    conversation: Conversation,
    case: OpenCase,
    work: _TurnEffects,
) -> None:
    """Open a case, which takes the conversation over; queue the promise of an answer, if any."""
    language, network = conversation.language, work.inbound.network if work.inbound else b""
    opened = await invitations.open_case(
        rt, transaction, person, case, language, conversation.forms, network=network
    )
    work.epoch += 1
    if opened.promise:
        promise = Say((opened.promise,), language=language, service=True)
        work.rows.append(outbox.Row("send", outbox.rendered(rt, promise)))


async def _erase(
    rt: Runtime, transaction: Transaction, held: LockedConversation, work: _TurnEffects
) -> None:
    """Erase the person's data; keep the ids of the messages in their chats, to delete them."""
    work.sent_messages = await outbox.find_all(transaction, held.person)
    others = await _take_deletable(transaction, held, work.inbound)
    for (channel, _address), external_ids in work.sent_messages.items():
        external_ids.extend(others.get(channel, ()))
    await erasure.erase(rt, transaction, held.person)
    work.erased = True


async def _export_rows(
    rt: Runtime, transaction: Transaction, held: LockedConversation, conversation: Conversation
) -> list[outbox.Row]:
    """Return the export of the person's data as an outbox row to send."""
    row = await data_export.export(
        rt, transaction, held.person, conversation, held.now, held.home or held.channel
    )
    return await secure_page.queue_for_page(transaction, held, (row,))


async def _leave_chat(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    language: str,
    work: _TurnEffects,
) -> None:
    """Delete the chat's messages as far as the channel allows, and the handle of a web chat.

    The secure page and the messenger that links to it are on one phone, so both are cleared.
    """
    person, inbound = held.person, work.inbound
    await secure_page.close(rt, transaction, held)
    here = inbound if inbound is not None and inbound.channel == held.channel else None
    current = message_ids.of_event(here) if here is not None else ()
    work.rows += await secure_page.clear_channel(rt, transaction, held, held.channel, current)
    work.says += outbox.undeleted_notice(rt, [held.channel], language)
    if held.channel == WebChat.name and inbound is not None:
        await identities.end_handle(rt, transaction, held.channel, inbound.handle)
        await outbox.forget_texts(transaction, person.id, held.channel)
        # Send no message: the browser has left the page, and an ended web chat cannot be opened
        # again.
        work.silent = True


async def _take_deletable(
    transaction: Transaction, held: LockedConversation, inbound: Inbound | None
) -> dict[str, list[str]]:
    """Delete the stored notes of deletable messages; return the ids of these messages by channel.

    The ids include those of the current message.
    """
    found = await conversation_store.take_deletable(transaction, held)
    if inbound is not None:
        found.setdefault(inbound.channel, []).extend(message_ids.of_event(inbound))
    return found
