"""Fan-out: an event, mostly of a case or announcement, becomes rows of notifications to officers.

There is one row for each officer and target (e-mail address or browser).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.content import endings
from bot.db import job_queue
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_one, fetch_value, fetch_values
from bot.notifications import statements
from bot.notifications.content_draft import ContentDraft
from bot.notifications.kinds import OF_BROADCASTS, OF_ENDINGS, Kind
from bot.notifications.switched_off import SwitchedOff
from bot.officers.permissions import Role
from bot.runtime import Runtime
from flows.knowledge.missions import default_zone

TASK = "notifications.fan_out"
EMAIL = 0
MONDAY = 0
# Minimum time in seconds between two notifications of one kind about the same subject.
PAUSE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Candidate:
    """An active officer who has not disabled this kind of notification.

    The fields decide whether, where and when a notification is sent.
    """

    id: UUID
    mission: str
    roles: list[str]
    languages: list[str]
    topics: list[str]
    is_on_shift: bool
    email: str
    quiet_from: time | None
    quiet_until: time | None
    digest_minutes: int
    zone: str
    browsers: list[int] | None

    def reads(self, language: str, topic: str) -> bool:
        """Return True if the officer handles the language and the topic of a case.

        An empty list means all languages or topics. Leads handle all topics.
        """
        return (not self.languages or language in self.languages) and (
            not self.topics or topic in self.topics or Role.LEAD in self.roles
        )

    def leads(self, mission: str) -> bool:
        return self.mission == mission and Role.LEAD in self.roles

    def targets(self) -> Iterator[int]:
        """Yield EMAIL if there is an e-mail address, then the ids of the officer's browsers."""
        if self.email:
            yield EMAIL
        yield from self.browsers or ()


async def notify(transaction: Transaction, kind: Kind, subject: UUID | str) -> None:
    """Queue, in the caller's transaction, a job that notifies officers of an event.

    `subject` is the id of a case or announcement, or the text of `SwitchedOff` or `ContentDraft`.
    """
    await job_queue.defer(transaction, TASK, kind=kind.value, subject=str(subject))


async def fan_out(rt: Runtime, kind: Kind, subject: str) -> int:
    """Write a row per recipient and target (e-mail or browser); return the number of recipients."""
    async with rt.pool.connection() as transaction:
        recipients = await _recipients(transaction, kind, subject)
        now = await fetch_value(transaction, statements.CLOCK)
        assert now is not None
        for each in recipients:
            due = due_at(each, now)
            for target in each.targets():
                values = {"officer": each.id, "target": target, "about": kind.value, "due": due}
                await execute(
                    transaction,
                    statements.QUEUE,
                    of_subject=subject,
                    pause=PAUSE_SECONDS,
                    **values,
                )
    return len(recipients)


async def find_unstaffed(rt: Runtime) -> None:
    """Notify the leads (supervisors) of missions where cases wait and no officer is on shift.

    A mission is skipped if its leads were notified within the last hour.
    """
    async with rt.pool.connection() as transaction:
        for mission in await fetch_values(transaction, statements.UNSTAFFED):
            values = {"about": Kind.NO_SHIFT.value, "of_subject": mission}
            if not await fetch_value(transaction, statements.IS_RECENT, **values):
                await notify(transaction, Kind.NO_SHIFT, mission)


async def find_ending(rt: Runtime) -> None:
    """On Mondays, notify editors of the facts that expire within 7, 30 and 60 days.

    A fact is skipped if the same notification was queued within the last week.
    """
    async with rt.pool.connection() as transaction:
        now = await fetch_value(transaction, statements.CLOCK)
        assert now is not None
        if now.weekday() != MONDAY:
            return
        found = endings.within(rt.content.on(now.date()))
        for days, facts in found.items():
            for fact in facts:
                values = {"about": OF_ENDINGS[days].value, "of_subject": fact.key}
                if not await fetch_value(transaction, statements.IS_OF_THIS_WEEK, **values):
                    await notify(transaction, OF_ENDINGS[days], fact.key)


async def _recipients(transaction: Transaction, kind: Kind, subject: str) -> list[Candidate]:
    rows = await fetch_all(transaction, statements.CANDIDATES, about=kind.value)
    everyone = [Candidate(*row) for row in rows]
    if kind is Kind.NO_SHIFT:
        return [each for each in everyone if each.leads(subject)]
    if kind in OF_ENDINGS.values():
        return [each for each in everyone if Role.EDITOR in each.roles]
    if kind is Kind.APPEAL:
        # A block closes the case, so only the limit is read.
        mission = await fetch_value(transaction, statements.LIMIT_MISSION, case=UUID(subject))
        return [each for each in everyone if mission and each.leads(mission)]
    if kind is Kind.WEBHOOK_OFF:
        return await _of_endpoint(transaction, SwitchedOff.parse(subject).endpoint, everyone)
    if kind is Kind.CONTENT_APPROVAL:
        return _approvers(everyone, ContentDraft.parse(subject).author)
    if kind in OF_BROADCASTS:
        return await _of_broadcast(transaction, kind, UUID(subject), everyone)
    return await _of_case(transaction, kind, UUID(subject), everyone)


async def _of_case(
    transaction: Transaction, kind: Kind, case_id: UUID, everyone: list[Candidate]
) -> list[Candidate]:
    case = await fetch_one(transaction, statements.CASE, case=case_id)
    if case is None:
        return []
    mission, topic, language, owner, is_urgent = case
    leads = [each for each in everyone if each.leads(mission)]
    if kind is Kind.NEW_CASE:
        team = (each for each in everyone if each.mission == mission and each.is_on_shift)
        fit = [each for each in team if each.reads(language, topic)]
        # If no officer on shift can take an urgent case, it must not wait until it is late.
        return fit or (leads if is_urgent else [])
    owners = [each for each in everyone if each.id == owner]
    if kind in (Kind.NEW_WORDS, Kind.HANDED_OVER):
        return owners
    return [*owners, *(each for each in leads if each.id != owner)]


async def _of_broadcast(
    transaction: Transaction, kind: Kind, broadcast_id: UUID, everyone: list[Candidate]
) -> list[Candidate]:
    found = await fetch_one(transaction, statements.BROADCAST, broadcast=broadcast_id)
    if found is None:
        return []
    author, mission = found
    if kind is Kind.APPROVAL:
        return _approvers(everyone, author)
    return [each for each in everyone if each.id == author or each.leads(mission)]


def _approvers(everyone: list[Candidate], author: UUID) -> list[Candidate]:
    return [each for each in everyone if Role.APPROVER in each.roles and each.id != author]


async def _of_endpoint(
    transaction: Transaction, endpoint: UUID, everyone: list[Candidate]
) -> list[Candidate]:
    """Return whom to notify of a disabled webhook endpoint: administrators and the owning account.

    The result is empty if the endpoint has been enabled again.
    """
    owner = await fetch_value(transaction, statements.OWNER_OF_DISABLED, endpoint=endpoint)
    if owner is None:
        return []
    return [each for each in everyone if Role.ADMINISTRATOR in each.roles or each.id == owner]


def due_at(candidate: Candidate, now: datetime) -> datetime:
    """Return when to send a notification: now, or at the next digest if the officer has digests.

    If this time is in the officer's quiet hours, return the end of the quiet hours.
    """
    due = now
    if candidate.digest_minutes:
        step = candidate.digest_minutes * 60
        due = datetime.fromtimestamp((now.timestamp() // step + 1) * step, UTC)
    opens, closes = candidate.quiet_from, candidate.quiet_until
    if opens is None or closes is None or opens == closes:
        return due
    local = due.astimezone(ZoneInfo(candidate.zone or default_zone(candidate.mission)))
    clock = local.time()
    is_quiet = opens <= clock < closes if opens < closes else clock >= opens or clock < closes
    if not is_quiet:
        return due
    ends = datetime.combine(local.date(), closes, local.tzinfo)
    return ends if ends > local else ends + timedelta(days=1)
