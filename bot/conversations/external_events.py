"""Changes of conversations by jobs and platforms: reminders, expiry of answers, opt-outs.

Each function locks the person's conversation and changes it in one transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from bot import outbox
from bot.conversations.effects import AfterCommit
from bot.conversations.store import LockedConversation, lock, save_state, turn
from bot.db.connection import Transaction
from bot.people import consents, hint_contacts, identities, reminders, subscriptions
from bot.registrations import retention
from bot.runtime import Runtime
from flows import list_changes
from flows.engine import announcement_screens, checklist_screens, hint_screens, registration_screens
from flows.engine.announcement_screens import SOMETHING_NEW
from flows.engine.events import Button, Notice, Say, UpdateWithheld
from flows.engine.screens import OPEN
from flows.engine.state import Conversation, Turn
from flows.preregistration import CLOSED


async def remind(rt: Runtime, person_id: UUID) -> AfterCommit | None:
    """Queue the reminder of a saved checklist of documents; its text does not name the checklist.

    Returns None if no reminder is due, if the person has muted messages, or while an officer has
    the conversation. In the last case the reminder is postponed to the same hour of the next day.
    The checklist's expiry date does not change.
    """
    async with rt.pool.connection() as transaction:
        held = await lock(rt, transaction, person_id, for_updates=True)
        if held is None:
            return None
        if held.conversation.with_officer:
            # If the reminder stayed due, the person would get it at night if the case ended then.
            await reminders.postpone(transaction, person_id)
            return None
        c, was_due = held.conversation, await reminders.take(transaction, person_id)
        if not was_due or c.muted or c.saved_list is None:
            return None
        opening = Button(checklist_screens.CONTROL, OPEN)
        say = Say(((SOMETHING_NEW,),), (opening,), c.language, service=True, notice=Notice.REMINDER)
        row = outbox.Row("send", outbox.rendered(rt, say))
        await outbox.enqueue(transaction, held.person, held.channel, (row,))
        if c.hint_way:
            await hint_contacts.plan(transaction, person_id)
    return AfterCommit(held.person, None)


async def announce_waiting_reply(rt: Runtime, person_id: UUID) -> AfterCommit | None:
    """Tell the person that an officer's reply waits.

    It waits because the reply window closed before the reply was sent. Returns None if no such
    reply waits on the person's channel.
    """
    async with rt.pool.connection() as transaction:
        held = await lock(rt, transaction, person_id)
        if held is None:
            return None
        case_id = await outbox.take_unannounced(transaction, person_id, held.channel)
        if case_id is None:
            return None
        await announce_reply(rt, transaction, held, case_id)
    return AfterCommit(held.person, None)


async def announce_reply(
    rt: Runtime, transaction: Transaction, held: LockedConversation, case_id: UUID
) -> None:
    """Tell the person that a reply is waiting, unless an earlier such notice is still unopened."""
    withheld = await withhold(rt, transaction, held)
    await save_state(rt, transaction, held, withheld.conversation)
    notices = outbox.rows(rt, withheld.says, held.channel, held.epoch, "")
    written = [replace(row, case_id=case_id) for row in notices]
    await outbox.enqueue(transaction, held.person, held.channel, written)


async def withhold(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    notice: Notice = Notice.ANSWER,
) -> Turn:
    """Return the turn that withholds a message and announces it by a notice.

    The turn has no notice if an earlier one is still unopened, unless that one failed.
    """
    if held.conversation.update_waits and await outbox.is_notice_lost(transaction, held.person.id):
        held = replace(held, conversation=replace(held.conversation, update_waits=False))
    return turn(rt, held, UpdateWithheld(notice))


async def stop_broadcasts(rt: Runtime, channel: str, handles: Sequence[str], at: int) -> None:
    """End the subscription of the person with one of the `handles`, who opted out at the platform.

    Also end the messages about a changed checklist, and forget the consents to both. Do nothing if
    the person consented again after the time `at` of the opt-out, because the platform may repeat
    its report for days.
    """
    async with rt.pool.connection() as transaction:
        found = [await identities.find(rt, transaction, channel, each) for each in handles]
        person = next((each for each in found if each is not None), None)
        held = await lock(rt, transaction, person.id) if person else None
        if held is None or await _consented_after(rt, transaction, held, at):
            return
        await _stop_broadcasts(rt, transaction, held)


async def _consented_after(
    rt: Runtime, transaction: Transaction, held: LockedConversation, at: int
) -> bool:
    """Return True if the person gave a consent to broadcasts after the opt-out at the time `at`."""
    given = held.conversation.consents
    ended = given.keys() - _without_broadcasts(rt, held.conversation).consents.keys()
    return at > 0 and await consents.is_given_after(transaction, held.person.id, ended, at)


async def end_subscription(rt: Runtime, person_id: UUID) -> None:
    """End a person's subscription in the conversation, after the platform refused a broadcast.

    The subscription's rows are deleted already. If the person subscribed again since then, do
    nothing.
    """
    async with rt.pool.connection() as transaction:
        held = await lock(rt, transaction, person_id)
        if held is not None and await subscriptions.of_person(transaction, person_id) is None:
            await _stop_broadcasts(rt, transaction, held)


async def _stop_broadcasts(rt: Runtime, transaction: Transaction, held: LockedConversation) -> None:
    await subscriptions.unsubscribe(transaction, held.person.id)
    after = _without_broadcasts(rt, held.conversation)
    if after != held.conversation:
        await save_state(rt, transaction, held, after)


def _without_broadcasts(rt: Runtime, conversation: Conversation) -> Conversation:
    announcing = [flow for flow in rt.flows.values() if flow.announces]
    consents = announcement_screens.without_consents(conversation.consents, announcing)
    consents.pop(list_changes.CONSENT.purpose, None)
    saved_list = conversation.saved_list and replace(conversation.saved_list, watched=False)
    return replace(conversation, topics=(), consents=consents, saved_list=saved_list)


async def forget_answers(rt: Runtime, person_id: UUID) -> None:
    """Delete submitted answers whose retention has ended.

    The receipt number, the status and the other forms are kept. A change of a registration that was
    begun but not sent is kept until it expires like an unfinished form.
    """
    others = {name for name, flow in rt.flows.items() if not flow.registers} - {CLOSED.name}
    async with rt.pool.connection() as transaction:
        held = await lock(rt, transaction, person_id)
        sent, has_draft = await retention.is_expired(transaction, person_id)
        if held is None or not sent:
            return
        before = held.conversation.forms
        registering = {name: form for name, form in before.items() if name not in others}
        remaining = {
            name for name, form in registering.items() if not (form.submitted or has_draft)
        }
        forms = {name: form for name, form in before.items() if name in others | remaining}
        # Save only if something is deleted, because a save would count as an activity of the
        # person.
        if forms != before:
            await save_state(rt, transaction, held, replace(held.conversation, forms=forms))
        if not remaining:
            await retention.mark_expired(transaction, person_id)


async def end_registration(rt: Runtime, person_id: UUID) -> None:
    """Delete a person's registrations whose retention has ended, also from the conversation.

    Otherwise the person would still see a status that no longer changes, and could not withdraw.
    The submitted answers are deleted, too: without a registration, no job would find them.
    """
    async with rt.pool.connection() as transaction:
        held = await lock(rt, transaction, person_id)
        if held is not None and await retention.delete_ending(transaction, person_id):
            forms = held.conversation.forms
            unsent = {name: form for name, form in forms.items() if not form.submitted}
            rest = registration_screens.without_registration(held.conversation)
            rest = replace(rest, forms=unsent)
            await save_state(rt, transaction, held, rest)


async def forget_unfinished(rt: Runtime, person_id: UUID) -> None:
    """Delete all data of a person except what is needed to send announcements.

    The caller has checked that this person subscribed to announcements and left everything else
    unfinished.
    """
    async with rt.pool.connection() as transaction:
        held = await lock(rt, transaction, person_id)
        if held is not None:
            c = held.conversation
            rest = Conversation(
                language=c.language,
                nonce=c.nonce,
                is_persistent=True,
                muted=c.muted,
                consents=c.consents,
                topics=c.topics,
                has_pin=c.has_pin,
                model_operator=c.model_operator,
            )
            await reminders.put(transaction, person_id, 0)
            await hint_contacts.remove(transaction, person_id)
            if c.hint_way or c.hint_step:
                ended = rt.languages.render(hint_screens.ENDED, c.language)
                await consents.record_consent(
                    transaction, held.person, hint_screens.PURPOSE, ended, c.language, held.channel,
                    given=False,
                )  # fmt: skip
            await subscriptions.watch_list(rt, transaction, person_id, {})
            await save_state(rt, transaction, held, rest)
