"""Joins the lines that a person sends within a second; drops repeated presses and repeated replies.

A line is one text message. Each line causes its own turn, because a platform delivers the next
update of a chat only after a response to the last one. The first line is answered at once,
unless the same batch of updates has another line. The answer to a further line waits in the outbox
(debounce). If another line follows in time, the turn of that line retracts the waiting answer, and
answers the joined text of all lines that have no answer yet.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf

from bot import outbox
from bot.channels import Inbound, IncomingUpdate, message_ids
from bot.concurrency.expiring import Timer
from bot.conversations import state_format
from bot.conversations.unsent_calls import UnsentCall
from bot.observability import metrics
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.events import DeleteInput, Event, Kind, NotUnderstood, Pressed, Said, Say
from flows.engine.model_events import ChooseIntent
from flows.engine.recognition import Danger
from flows.engine.state import Conversation, Turn

# Limits for joined text messages: the longest wait of an answer, as a multiple of
# KOSH_DEBOUNCE_SECONDS, and the number of characters of the joined text.
MAX_WAITS = 3
MAX_CHARACTERS = 2000
# Seconds added to the wait of an answer in the outbox. Usually this process sends the answer
# earlier; if this process dies, the outbox sends it after these seconds.
SPARE_SECONDS = 2.0


class Place(StrEnum):
    """Whether, in a batch of updates, a text message is next to others of the same sender."""

    ALONE = "alone"
    FOLLOWED = "followed"
    LAST = "last"


@dataclass(slots=True, eq=False, repr=False)
class WaitingTurn:
    """A committed turn whose answer waits, so that the sender's next message can retract it.

    `before` is the conversation before the turn; `after` is the encoded conversation after it.
    `answered` is the bot's previous answer. `rows` are the ids of the outbox rows with the waiting
    answer; for an anonymous person, `calls` are the channel calls that send the answer. `missed`
    are texts that were not understood; the metrics count these texts once the answer is sent.
    """

    before: Conversation
    after: bytes
    text: str
    message_ids: tuple[str, ...]
    began: float
    answered: tuple[Say, ...]
    missed: tuple[NotUnderstood, ...]
    rows: tuple[int, ...] = ()
    calls: tuple[UnsentCall, ...] = ()
    taken_back: bool = False
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    timer: Timer | None = None

    def decide(self, *, taken_back: bool = False) -> None:
        """End the wait of the answer, so that it is sent.

        With `taken_back`, the answer is dropped, because a later turn answers in its place.
        """
        self.taken_back = taken_back
        self.decided.set()
        if self.timer is not None:
            self.timer.cancel()


@dataclass(slots=True, repr=False)
class _Recent:
    """A person's newest text message and button press, and the bot's newest answer, with times."""

    line_at: float = -inf
    waiting: WaitingTurn | None = None
    press: tuple[str, str] = ("", "")
    press_at: float = -inf
    answer: tuple[Say, ...] = ()
    answer_at: float = -inf


@dataclass(slots=True, repr=False)
class Burst:
    """An update, with data about the same sender's updates in the last seconds.

    `repeats`: the update presses the same button as the last update. `waits`: seconds for which its
    answer may wait. `earlier` is a waiting turn whose answer may be retracted. `answered` is the
    last answer to the person. `step_lines` sets the fields after `answered`.
    """

    began: float
    repeats: bool = False
    waits: float = 0
    earlier: WaitingTurn | None = None
    answered: tuple[Say, ...] = ()
    is_taken: bool = False
    is_joined: bool = False
    answer: tuple[Say, ...] = ()
    waiting: WaitingTurn | None = None

    @property
    def is_first(self) -> bool:
        """Return True if the answer is sent at once and earlier updates have no effect on it."""
        return not (self.repeats or self.waits or self.earlier or self.answered)


type Take[Result] = Callable[[Burst | None], Awaitable[Result]]
type Step = Callable[[Conversation, Event], Turn]


def places(arrivals: Sequence[IncomingUpdate]) -> list[Place]:
    """Return for each update of a batch if text messages of the same sender are adjacent to it."""
    senders = [
        (each.channel, each.handle)
        if isinstance(each, Inbound) and isinstance(each.event, Said)
        else None
        for each in arrivals
    ]
    found = []
    for before, sender, after in zip([None, *senders], senders, [*senders[1:], None], strict=False):
        last = Place.LAST if sender and sender == before else Place.ALONE
        found.append(Place.FOLLOWED if sender and sender == after else last)
    return found


async def collect[Result](
    rt: Runtime, inbound: Inbound, place: Place, take: Take[Result]
) -> Result:
    """Process an update: pass it to `take` as a `Burst`, with data about the sender's last updates.

    If `take` fails, the waiting answer to the sender's earlier text messages is sent, and the error
    is raised, so that the platform delivers the update again.
    """
    seconds = rt.settings.debounce_seconds
    if not seconds or not rt.channels[inbound.channel].gathers:
        return await take(None)
    key = f"{inbound.channel}:{inbound.handle}"
    recent = rt.recent.get(key) or _Recent()
    burst = _start_burst(rt, recent, inbound, place)
    earlier, recent.waiting = recent.waiting, None
    taken_back = False
    try:
        result = await take(burst)
        taken_back = burst.is_joined
        _note(rt, recent, inbound, burst)
    except BaseException:
        recent.press, recent.answer = ("", ""), ()
        raise
    finally:
        if earlier and not earlier.decided.is_set():
            if burst.is_taken or burst.earlier is None:
                earlier.decide(taken_back=taken_back)
            else:
                # The update caused no turn (it was a duplicate or failed early), so the earlier
                # turn still waits.
                recent.waiting = earlier
        rt.recent.put(key, recent, seconds)
    return result


def _start_burst(rt: Runtime, recent: _Recent, inbound: Inbound, place: Place) -> Burst:
    seconds, now = rt.settings.debounce_seconds, rt.recent.time()
    burst = Burst(now, answered=recent.answer if now - recent.answer_at < seconds else ())
    match inbound.event:
        case Pressed(payload):
            again = recent.press == _press(inbound, payload)
            burst.repeats = again and now - recent.press_at < seconds
            # A press may edit the message of its button, so its answer is sent even if it equals
            # the last answer.
            burst.answered = ()
        case Said(text) if not _is_addressed(rt, text):
            follows = now - recent.line_at < seconds
            if recent.waiting and follows and _fits(recent.waiting, text, now, seconds):
                burst.earlier, burst.began = recent.waiting, recent.waiting.began
            left = burst.began + MAX_WAITS * seconds - now
            if place is Place.FOLLOWED or (place is Place.ALONE and follows):
                burst.waits = min(seconds, left)
        case _:
            pass
    return burst


def _press(inbound: Inbound, payload: str) -> tuple[str, str]:
    return (inbound.pressed_on or inbound.message_id, payload)


def _fits(waiting: WaitingTurn, text: str, now: float, seconds: float) -> bool:
    joined = len(waiting.text) + len("\n") + len(text)
    return now - waiting.began < MAX_WAITS * seconds and joined <= MAX_CHARACTERS


def _is_addressed(rt: Runtime, text: str) -> bool:
    """Return True for a command or reserved word, which is never joined with other messages."""
    return rt.languages.command(text) is not None or rt.languages.reserved(text) is not None


def _note(rt: Runtime, recent: _Recent, inbound: Inbound, burst: Burst) -> None:
    """Record the committed update and its time; if its answer waits, start the timer to send it."""
    now = rt.recent.time()
    match inbound.event:
        case Pressed(payload):
            recent.press, recent.press_at = _press(inbound, payload), now
        case Said(text) if not _is_addressed(rt, text):
            recent.line_at = now
        case _:
            pass
    if burst.answer:
        recent.answer, recent.answer_at = burst.answer, now
    if burst.waiting:
        recent.waiting = burst.waiting
        burst.waiting.timer = rt.recent.call_later(burst.waits, burst.waiting.decide)


async def step_lines(
    rt: Runtime,
    burst: Burst | None,
    inbound: Inbound,
    conversation: Conversation,
    step: Step,
    take_back: Callable[[WaitingTurn], Awaitable[bool]],
) -> tuple[Inbound, Turn]:
    """Run the turn of an update; return the update and the turn.

    If the answer to the sender's earlier text messages still waits and can be retracted, the turn
    answers all of these messages, and the returned update has their joined text. `take_back`
    retracts the waiting answer; it returns False if the answer may have been sent already.
    """
    turn = step(conversation, inbound.event)
    if burst is None:
        return inbound, turn
    burst.is_taken, burst.is_joined, burst.waiting = True, False, None
    earlier = burst.earlier
    # Most updates are single text messages. For these, the costly check for danger in `_may_wait`
    # is skipped.
    may_wait = (earlier is not None or burst.waits > 0) and _may_wait(
        rt, conversation, inbound, turn
    )
    if may_wait and earlier and await _is_taken_back(rt, earlier, inbound, conversation, take_back):
        burst.is_joined, burst.answered = True, earlier.answered
        inbound = _join(earlier, inbound)
        conversation = earlier.before
        turn = step(conversation, inbound.event)
        may_wait = _may_wait(rt, conversation, inbound, turn)
    answered = burst.answered
    turn = _without_repetition(burst, turn)
    if burst.waits > 0 and may_wait:
        turn = _let_wait(burst, inbound, conversation, turn, answered)
    return inbound, turn


async def _is_taken_back(
    rt: Runtime,
    earlier: WaitingTurn,
    inbound: Inbound,
    conversation: Conversation,
    take_back: Callable[[WaitingTurn], Awaitable[bool]],
) -> bool:
    """Retract the unsent answer of the turn `earlier` and return True, unless that is unsafe.

    It is unsafe if the conversation has changed since that turn, or if the recognizer rates the
    joined text as less dangerous than one of the joined messages.
    """
    assert isinstance(inbound.event, Said)
    texts = (earlier.text, inbound.event.text)
    if earlier.after != state_format.encode(conversation):
        return False
    if not _keeps_danger(rt, texts, "\n".join(texts), conversation):
        return False
    return await take_back(earlier)


def _join(earlier: WaitingTurn, inbound: Inbound) -> Inbound:
    assert isinstance(inbound.event, Said)
    text = f"{earlier.text}\n{inbound.event.text}"
    return replace(inbound, event=Said(text), earlier=earlier.message_ids)


def _may_wait(rt: Runtime, before: Conversation, inbound: Inbound, turn: Turn) -> bool:
    """Return True if the answer may wait, so that the person's next text message can retract it.

    Returns False if the turn does more than answer a text message. Also returns False for a text
    that speaks of danger and for a turn that leads to an officer, because these are answered at
    once.
    """
    if not isinstance(inbound.event, Said):
        return False
    text, flow = inbound.event.text, rt.flows.get(turn.conversation.flow)
    leaves = any(each.kind in (Kind.PAGE, Kind.LINK) for say in turn.says for each in say.buttons)
    to_person = flow is not None and flow.hands_over and before.flow != flow.name
    only_answers = all(isinstance(each, NotUnderstood | ChooseIntent) for each in turn.effects)
    if not only_answers or leaves or to_person or before.update_waits:
        return False
    return _danger(rt, text, turn.conversation) is not Danger.CLEAR


def _keeps_danger(rt: Runtime, texts: Sequence[str], joined: str, after: Conversation) -> bool:
    """Return True if the recognizer rates `joined` at least as dangerous as each of `texts`."""
    levels = [*Danger]
    most = max(levels.index(_danger(rt, text, after)) for text in texts)
    return levels.index(_danger(rt, joined, after)) >= most


def _danger(rt: Runtime, text: str, conversation: Conversation) -> Danger:
    if rt.languages.danger(text):
        return Danger.CLEAR
    return rt.understanding.recognizer.read(text, conversation.language).danger


def _without_repetition(burst: Burst, turn: Turn) -> Turn:
    """Drop the turn's messages if they repeat the bot's last answer; return the turn.

    This is done only if the turn has no effects except deleting the input or counting a
    misunderstanding.
    """
    minor = all(isinstance(each, DeleteInput | NotUnderstood) for each in turn.effects)
    burst.answer = turn.says or burst.answered
    return replace(turn, says=()) if minor and turn.says == burst.answered else turn


def _let_wait(
    burst: Burst, inbound: Inbound, before: Conversation, turn: Turn, answered: tuple[Say, ...]
) -> Turn:
    """Note in `burst` that the turn's answer waits; return the turn without NotUnderstood effects.

    The metrics count NotUnderstood effects only when the answer is sent.
    """
    assert isinstance(inbound.event, Said)
    missed = tuple(each for each in turn.effects if isinstance(each, NotUnderstood))
    burst.waiting = WaitingTurn(
        before=before,
        after=state_format.encode(turn.conversation),
        text=inbound.event.text,
        message_ids=message_ids.of_event(inbound),
        began=burst.began,
        answered=answered,
        missed=missed,
    )
    return replace(turn, effects=tuple(each for each in turn.effects if each not in missed))


async def is_due(rt: Runtime, waiting: WaitingTurn, person: Person | None) -> bool:
    """Wait until the answer may be sent; return False if a later turn answers in its place.

    Before returning True, release the turn's rows in the outbox and count its misunderstood
    messages.
    """
    await waiting.decided.wait()
    if waiting.taken_back:
        return False
    for each in waiting.missed:
        metrics.NOT_UNDERSTOOD.labels(each.language, each.step).inc()
    if waiting.rows and person is not None:
        await outbox.release(rt, person.id, waiting.rows)
    return True
