"""Actions of officers on cases: claim, transfer, snooze, resolve and others.

A case is a person's request to officers. An officer claims a case in order to answer it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from bot import cases, outbox, uploads
from bot.conversations import store as conversation_store
from bot.conversations.effects import AfterCommit
from bot.desk import officer_turns, views
from bot.desk.answering import note_of
from bot.desk.transaction import ActionContext, ActionResult, Refusal, Refused, find_by_key, perform
from bot.observability import metrics
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Denied
from bot.people import pin
from bot.runtime import Runtime
from flows.engine.events import (
    Filled,
    PinLifted,
    Resolved,
    UploadRequested,
    UploadStatusChanged,
)
from flows.engine.flow import Upload
from flows.engine.language_protocol import Refusal as Unread
from flows.engine.options import Option, Reading
from flows.engine.text import Text, button
from flows.knowledge import missions
from flows.officer import TOPIC
from flows.papers import PAPERS
from flows.replies import REPLIES

MAX_SLEEP = timedelta(days=60)
MENU = "menu"
OTHER = "other"
# Documents that an officer can request: the documents of the registration form, and `other`.
DOCUMENTS: Mapping[str, Text] = {
    **{each.paper: each.label for each in PAPERS.questions() if isinstance(each, Upload)},
    OTHER: button("Another paper"),
}


@dataclass(frozen=True, slots=True)
class ToOfficer:
    id: UUID


@dataclass(frozen=True, slots=True)
class ToMission:
    key: str


@dataclass(frozen=True, slots=True)
class ToTopic:
    topic: str


type Goal = ToOfficer | ToMission | ToTopic


async def claim(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str
) -> ActionResult:
    """Claim a case for the officer, and drop the bot's unsent messages to the person.

    Service messages, such as news about a registration, are kept. The person notices
    nothing of a hidden case (`officer_turns.is_hidden`).
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        await directory.clear_past_shift(at.transaction, officer.id)
        await cases.claim(at.transaction, at.case, officer.id, at.desk, version)
        return await officer_turns.join(rt, at.transaction, at.held, at.case, officer.id)

    return await perform(rt, officer, case_id, version, Action.CASE_CLAIM, key, apply)


async def take_next(rt: Runtime, officer: Officer, *, key: str) -> ActionResult | None:
    """Claim the most urgent queued case in the officer's topics and languages.

    Return None if no such case is queued. A repeated idempotency key returns the case that was
    claimed with that key.
    """
    skipped_ids = set[UUID]()
    while True:
        async with directory.acting(rt, officer) as transaction:
            before = await find_by_key(transaction, officer, key)
            found = await cases.find(transaction, before) if before else await cases.next_for(
                transaction, officer.mission, officer.topics, officer.languages
            )  # fmt: skip
        if found is None or found.id in skipped_ids:
            return None
        skipped_ids.add(found.id)
        try:
            return await claim(rt, officer, found.id, found.version, key=key)
        except (cases.CaseConflict, LookupError):
            continue


async def take_over(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str
) -> ActionResult:
    """Assign another officer's case to this officer.

    Unsent messages of the bot and of other officers to the person are dropped. Service messages,
    such as news about a registration, are kept.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        await directory.clear_past_shift(at.transaction, officer.id)
        await cases.take_over(at.transaction, at.case, officer.id, at.desk, version)
        return await officer_turns.join(rt, at.transaction, at.held, at.case, officer.id)

    return await perform(rt, officer, case_id, version, Action.CASE_TAKE_OVER, key, apply)


async def release(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str
) -> ActionResult:
    """Give up the officer's case, so that it returns to the queue of unclaimed cases."""

    async def apply(at: ActionContext) -> AfterCommit | None:
        await cases.release(at.transaction, at.case, version)
        await conversation_store.bump_ownership(at.transaction, at.held)
        return None

    return await perform(rt, officer, case_id, version, Action.CASE_RELEASE, key, apply)


async def note(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str, words: str
) -> ActionResult:
    """Add an internal note to a case, no matter which officer owns it."""

    async def apply(at: ActionContext) -> AfterCommit | None:
        await cases.add_note(at.transaction, at.held.person, case_id, officer.id, note_of(words))
        return None

    return await perform(rt, officer, case_id, version, Action.CASE_NOTE, key, apply)


async def ask_document(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str, document: str
) -> ActionResult:
    """Request a document from the person; `document` is a key of DOCUMENTS."""

    async def apply(at: ActionContext) -> AfterCommit | None:
        if document not in DOCUMENTS:
            raise Refused(Refusal.NO_DOCUMENT)
        await cases.record_reply(at.transaction, at.case, officer.id, at.desk, version)
        # Return only the first delivery, because the sender continues with the other messages.
        leading, delivery = await at.lead()
        request = await leading.turn(UploadRequested(document))
        return delivery or request

    return await perform(rt, officer, case_id, version, Action.CASE_DOCUMENT, key, apply)


async def lift_pin(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str
) -> ActionResult:
    """Remove the person's forgotten PIN and notify the person.

    The officer must have verified the person's identity first.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        await pin.set_pin(at.transaction, at.held.person, None)
        return await at.turn(PinLifted())

    return await perform(rt, officer, case_id, version, Action.CASE_PIN, key, apply)


async def release_papers(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str
) -> ActionResult:
    """Release the person's uploaded files, so that they are sent to the registry.

    Raises Refused if no file waits for release.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        released = await uploads.release_all(at.transaction, at.case.person_id)
        if not released:
            raise Refused(Refusal.NO_PAPER)
        kinds = dict.fromkeys(paper for _id, paper in released)
        # Return only the first delivery, because the sender continues with the messages of the
        # other deliveries by itself.
        first, *_rest = [await at.turn(UploadStatusChanged(paper, "sending")) for paper in kinds]
        return first

    return await perform(rt, officer, case_id, version, Action.CASE_PAPERS, key, apply)


async def fill(
    rt: Runtime,
    officer: Officer,
    case_id: UUID,
    version: int,
    *,
    key: str,
    question: str,
    value: str,
) -> ActionResult:
    """Answer a question of the form for the person.

    `question` is the question's key. `value` is an option's key or a typed text. Raises Refused for
    an invalid answer, and for a step that only the person can answer: a consent, a notice, or the
    review of all answers.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        if at.case.version != version:
            raise await cases.conflict(at.transaction, case_id)
        answer = _read(at, question, value)
        return await at.turn(Filled(question, answer))

    return await perform(rt, officer, case_id, version, Action.CASE_FILL, key, apply)


async def transfer(
    rt: Runtime,
    officer: Officer,
    case_id: UUID,
    version: int,
    *,
    key: str,
    to: Goal,
    words: str = "",
) -> ActionResult:
    """Transfer a case to an officer of the mission, to another topic or to another mission.

    `words` are stored as a note. After a transfer to another mission, this officer no longer sees
    the case.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        if words.strip():
            await cases.add_note(
                at.transaction, at.held.person, case_id, officer.id, note_of(words)
            )
        await conversation_store.bump_ownership(at.transaction, at.held)
        match to:
            case ToOfficer(other):
                await _colleague(at, other)
                await cases.hand_to(at.transaction, at.case, other, at.desk, version)
                if at.held.conversation.with_officer:
                    await outbox.drop_bot_messages(at.transaction, at.case.person_id, other)
            case ToTopic(topic):
                if all(topic != option.key for option in TOPIC.among):
                    raise Refused(Refusal.NO_TOPIC)
                await cases.change_topic(at.transaction, at.case, topic, version)
            case ToMission(mission):
                await _move_to_mission(at, mission)
            case _:
                assert_never(to)
        return None

    return await perform(rt, officer, case_id, version, Action.CASE_TRANSFER, key, apply)


async def snooze(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str, until: datetime
) -> ActionResult:
    """Put a case aside (snooze it) until a time within 60 days, or until the person writes."""

    async def apply(at: ActionContext) -> AfterCommit | None:
        if not at.held.now < until <= at.held.now + MAX_SLEEP:
            raise Refused(Refusal.PAST)
        await cases.snooze(at.transaction, at.case, officer.id, until, version)
        return None

    return await perform(rt, officer, case_id, version, Action.CASE_SNOOZE, key, apply)


async def resolve(
    rt: Runtime,
    officer: Officer,
    case_id: UUID,
    version: int,
    *,
    key: str,
    where: str = "",
    intent: str = "",
    seen: int | None = None,
) -> ActionResult:
    """Close the case. The bot's next message asks the person if the officer helped.

    The person notices nothing of a hidden case (`officer_turns.is_hidden`).

    `where` is the name of the flow with which the bot continues, `menu`, or '' for the question
    that the case interrupted. `intent` is the officer's classification of the person's question: it
    is counted by language in a metric and not stored. `seen` is the id of the last message on the
    officer's page; CaseConflict is raised if the person has written since then.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        flow = rt.flows.get(where)
        if where not in ("", MENU) and (flow is None or flow.hands_over):
            raise Refused(Refusal.NO_FLOW)
        if intent and intent not in REPLIES:
            raise Refused(Refusal.NO_INTENT)
        # Apply the event before the case is closed. Afterwards the console's database role cannot
        # read the conversation.
        hidden = officer_turns.is_hidden(at.held, at.case)
        delivery = None if hidden else await at.turn(Resolved(where), moved=True)
        await cases.resolve(at.transaction, at.case, officer.id, version, seen)
        if intent:
            metrics.CASE_INTENTS.labels(intent, at.held.conversation.language).inc()
        return delivery

    return await perform(rt, officer, case_id, version, Action.CASE_RESOLVE, key, apply)


# Helpers that check answers, colleagues and missions


def _read(at: ActionContext, question: str, value: str) -> str:
    """Return the answer to store, parsed as if the person had typed the value.

    Raises Refused if the question is not in the person's form, if only the person may answer it, or
    if the value is invalid.
    """
    found = views.form_path(at.rt, at.held.conversation)
    stop = found[2].at(question) if found else None
    if stop is None or isinstance(stop.item, views.PERSONS_OWN):
        raise Refused(Refusal.NOT_FILLABLE)
    if chosen := _option(at.rt, stop.item.options, value):
        return chosen
    language = at.held.conversation.language
    answer = stop.item.read(value, Reading(at.rt.languages, language, at.held.now.date()))
    if isinstance(answer, Unread) or not isinstance(answer, str):
        raise Refused(Refusal.NOT_ACCEPTED)
    return answer


def _option(rt: Runtime, options: Sequence[Option], value: str) -> str:
    """Return the key of the only option with this key, or with this label in any language."""
    words = rt.languages
    codes = [code for code, _own in words.languages()]
    found = {
        option.key
        for option in options
        if option.key == value
        or any(words.same(value, words.render(option.label, code)) for code in codes)
    }
    return found.pop() if len(found) == 1 else ""


def may_receive(officer: Officer, case: cases.Case, now: datetime) -> bool:
    """Return True if a case may be transferred to the officer.

    The officer must be active, in the case's mission, and serve its topic. After the end of the
    officer's shift, a sweep would at once return a case that awaits an answer.
    """
    claimable = permissions.Subject(case.mission, case.topic, permissions.QUEUED)
    if isinstance(permissions.check(officer, Action.CASE_CLAIM, claimable), Denied):
        return False
    is_off_shift = officer.shift_until is not None and officer.shift_until <= now
    return not is_off_shift or case.state == cases.State.WAITING


async def _colleague(at: ActionContext, other: UUID) -> None:
    """Raise Refused unless the case may be transferred to the officer `other`."""
    found = await directory.find(at.transaction, other)
    if found is None or not may_receive(found, at.case, at.held.now):
        raise Refused(Refusal.NO_OFFICER)


async def _move_to_mission(at: ActionContext, mission: str) -> None:
    staffed = {*await directory.staffed_missions(at.transaction), missions.GENERAL}
    if mission not in staffed or mission == at.case.mission:
        raise Refused(Refusal.NO_MISSION)
    await cases.move(at.transaction, at.case, mission, at.version)
