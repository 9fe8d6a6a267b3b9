"""Apply officers' events, such as a claim or a request for a document, to a conversation.

The bot's messages about the event are withheld if other people may see the person's screen. The
person then gets a notice without content, and the messages after opening the notice.
"""

from dataclasses import replace
from uuid import UUID

from bot import outbox
from bot.cases import HIDDEN_TOPICS, Case
from bot.conversations import effects, external_events
from bot.conversations import store as conversation_store
from bot.conversations.effects import AfterCommit, CaseNotice
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.desk import views
from bot.runtime import Runtime
from flows.engine.events import Button, Event, Joined, Kind, Notice, Say
from flows.engine.pressing import PAGE_CONTROL
from flows.engine.screens import OPEN_PAGE


async def take(
    rt: Runtime, transaction: Transaction, case: Case, event: Event, *, moved: bool = False
) -> AfterCommit | None:
    """Apply an officer's event to the conversation of a case, in the caller's transaction.

    If others may see the person's screen (`is_withheld`), the bot's messages about the event wait
    until the person opens a notice, which is sent unless an earlier one is unopened. `moved`: the
    conversation changed owner, so unsent messages of the previous owner are dropped, unless the bot
    leads the conversation before and after the event. Return None if the person was erased.
    """
    held = await conversation_store.lock(rt, transaction, case.person_id)
    if held is None:
        return None
    turn = conversation_store.turn(rt, held, event)
    moved = moved and (held.conversation.with_officer or turn.conversation.with_officer)
    turn = replace(turn, says=tuple(_protect(say) for say in turn.says))
    if not turn.says or not await is_withheld(rt, transaction, held, case):
        return await effects.carry_out(rt, transaction, held, turn, None, moved=moved)
    after = replace(held, conversation=turn.conversation)
    first = await external_events.withhold(rt, transaction, after, Notice.UPDATE)
    # Requests for a document are dropped here: when the person opens the notice, the bot sends the
    # request again with a new link.
    public_messages = (
        say for say in turn.says if not (say.private and turn.conversation.with_officer)
    )
    says = tuple(_without_link(say) for say in public_messages)
    waits = replace(turn, conversation=first.conversation, says=says)
    notice = CaseNotice(first.says, case.id)
    return await effects.carry_out(rt, transaction, held, waits, None, moved=moved, notice=notice)


async def join(
    rt: Runtime, transaction: Transaction, held: LockedConversation, case: Case, officer_id: UUID
) -> AfterCommit | None:
    """Let an officer lead the conversation, tell the person, and drop the bot's unsent messages.

    Do nothing if the case is hidden from the person (`is_hidden`).
    """
    if is_hidden(held, case):
        return None
    await outbox.drop_bot_messages(transaction, case.person_id, officer_id)
    return await take(rt, transaction, case, Joined(), moved=True)


def is_hidden(held: LockedConversation, case: Case) -> bool:
    """Return True if the person must not notice that officers look at the case.

    An officer's first reply, or the person's wish to speak to an officer, ends this. A change of
    the topic does not.
    """
    topics = {case.first_topic, *case.joined_topics}
    return bool(topics & HIDDEN_TOPICS) and not held.conversation.with_officer


async def is_withheld(
    rt: Runtime, transaction: Transaction, held: LockedConversation, case: Case
) -> bool:
    """Return True if the person must get a notice in place of a message.

    A message is withheld on channels with notifications if the platform's reply window is closed or
    others may see the screen (`views.is_withheld`).
    """
    places = (rt.channels.get(each) for each in (held.channel, held.home))
    if not any(place is not None and place.notifies for place in places):
        return False
    if conversation_store.is_closed(rt, held):
        return True
    seen_at = (await views.spoke_at(transaction, case.id), held.spoke_at)
    spoke_at = max((each for each in seen_at if each), default=case.opened_at)
    return views.is_withheld(held.conversation, spoke_at, held.now)


def _protect(say: Say) -> Say:
    return replace(say, protect=say.protect or say.service)


def _without_link(say: Say) -> Say:
    """Replace links to the secure page by a button that requests a new link.

    A link would expire before the person opens the notice.
    """
    button = Button(PAGE_CONTROL, OPEN_PAGE, Kind.CONTROL)
    buttons = (button if each.kind is Kind.PAGE else each for each in say.buttons)
    return replace(say, buttons=tuple(buttons))
