"""Sending of announcements (broadcasts): once to each recipient, and none omitted silently.

Also the effects of a platform's errors, rate limits and delivery reports.
"""

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from bot import broadcasts
from bot.broadcasts import (
    Doubt,
    RecipientStatus,
    State,
    Words,
    model,
    scheduler,
    sender,
    shard_statements,
)
from bot.broadcasts.sender import AT_ONCE
from bot.channels import (
    BlockedByUser,
    BroadcastsStopped,
    ChannelCall,
    ChannelSuspended,
    DeliveryReport,
    NoTemplate,
    OptedOut,
    Rates,
    SendError,
    TemporarilyRestricted,
    Throttled,
    Unreachable,
    WindowClosed,
)
from bot.channels import (
    Refused as TurnedDown,
)
from bot.conversations import receive
from bot.embedded import Databases
from bot.outbox import channel_probe, rate_limits
from bot.people import identities, subscriptions
from bot.runtime import Runtime
from bot.security.vault import WrappedKey
from tests.person_client import Guest
from tests.subscribers import (
    TEXTS,
    TOPIC,
    Member,
    ScriptedPlatform,
    count_states,
    create_officers,
    create_subscribers,
    new_draft,
    snapshot_all,
    start,
    with_platforms,
)

WITH_TEMPLATES = {each: Words(words.body, "news") for each, words in TEXTS.items()}


async def _advance_clock(rt: Runtime, interval: str) -> None:
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))


async def _ready(rt: Runtime, draft: broadcasts.Draft | None = None) -> broadcasts.Broadcast:
    """Return a started broadcast whose recipients are all selected."""
    found = await start(rt, await create_officers(rt), draft or new_draft())
    await snapshot_all(rt, found)
    return found


async def _now(rt: Runtime, found: broadcasts.Broadcast) -> broadcasts.Broadcast:
    async with rt.pool.connection() as session:
        return await model.find(session, found.id)


async def test_broadcast_reaches_every_subscriber_once_in_their_language(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    members = await create_subscribers(rt, 60)
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert sorted(post.addresses) == sorted(each.address for each in members)
    texts = {act.message.language: act.message.paragraphs[0] for act in post.sent if act.message}
    assert texts.keys() == {"kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl"}
    assert texts["ru"] == TEXTS["ru"].body
    assert texts["uz_Cyrl"].startswith("Синов эълони")
    assert await count_states(rt, found) == {"accepted": 60}


# SQL that inserts so many recipients that PostgreSQL's planner prefers an index to a sequential
# scan.
_MULTITUDE: tuple[LiteralString, ...] = (
    "INSERT INTO people (id, key, key_version)"
    " SELECT gen_random_uuid(), '', 1 FROM generate_series(1, 5000)",
    "INSERT INTO broadcast_recipients (broadcast_id, seq, person_id, channel, language, state)"
    " SELECT b.id, row_number() OVER () + 1, p.id, 'telegram', 'ru', 'planned'"
    " FROM people p, broadcasts b WHERE p.id NOT IN (SELECT person_id FROM broadcast_recipients)",
    "ANALYZE",
)


async def test_broadcast_claim_query_reads_only_the_recipients_of_its_shard(
    rt: Runtime, databases: Databases
) -> None:
    await create_subscribers(rt, 1)
    await _ready(with_platforms(rt, ScriptedPlatform()))
    with psycopg.connect(databases.owner, autocommit=True) as owner:
        for statement in _MULTITUDE:
            owner.execute(statement)
        # A worker that has executed the statement several times gets a generic plan, which does not
        # depend on the parameters.
        explain = b"EXPLAIN (GENERIC_PLAN, COSTS OFF) " + shard_statements.CLAIM.text
        plan = "\n".join(row[0] for row in owner.execute(explain).fetchall())
    found = re.search(r"Scan (?:using|on) broadcast_recipients_\w+.*\n *Index Cond: (.*)", plan)
    assert found, plan
    assert re.search(r"seq >= .* AND .*seq < ", found[1]), plan


@pytest.mark.requirement("S-63")
async def test_broadcast_reaches_each_recipient_once_with_concurrent_workers(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 200)
    found = await _ready(rt)
    await asyncio.gather(*(broadcasts.send_shard(rt, found.id, 0) for _ in range(6)))
    assert len(post.addresses) == len(set(post.addresses)) == 200


async def test_broadcast_claim_commits_before_the_platform_call(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    (member,) = await create_subscribers(rt, 1)
    post.answers[member.address] = until = asyncio.Event()
    found = await _ready(rt)
    sending = asyncio.create_task(broadcasts.send_shard(rt, found.id, 0))
    await post.tried.wait()
    assert await count_states(rt, found) == {"claimed": 1}
    until.set()
    await sending
    assert await count_states(rt, found) == {"accepted": 1}


async def test_broadcast_message_is_not_resent_when_its_worker_stops_responding(
    rt: Runtime,
) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    (member,) = await create_subscribers(rt, 1)
    post.answers[member.address] = asyncio.Event()
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    sending = asyncio.create_task(broadcasts.send_shard(rt, found.id, 0))
    await post.tried.wait()
    await broadcasts.run_due(rt)
    assert await count_states(rt, found) == {"claimed": 1}
    await _advance_clock(rt, "2 minutes")
    await broadcasts.run_due(rt)
    assert await count_states(rt, found) == {"in_doubt crash": 1}
    await broadcasts.send_shard(rt, found.id, 0)
    await broadcasts.run_due(rt)
    assert len(post.sent) == 1
    assert (await _now(rt, found)).state is State.DONE
    # The first worker was not dead but slow: its result is still recorded.
    until = post.answers[member.address]
    assert isinstance(until, asyncio.Event)
    until.set()
    await sending
    assert await count_states(rt, found) == {"accepted": 1}


async def test_broadcast_ignores_the_late_outcome_of_an_abandoned_attempt(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    (member,) = await create_subscribers(rt, 1)
    post.answers[member.address] = first = asyncio.Event()
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    sending = asyncio.create_task(broadcasts.send_shard(rt, found.id, 0))
    await post.tried.wait()
    await _advance_clock(rt, "2 minutes")
    await broadcasts.run_due(rt)
    await broadcasts.decide_in_doubt(rt, officers.lead, found.id, Doubt.AGAIN)
    post.answers[member.address] = second = asyncio.Event()
    post.tried.clear()
    again = asyncio.create_task(broadcasts.send_shard(rt, found.id, 0))
    await post.tried.wait()
    first.set()
    await sending
    assert await count_states(rt, found) == {"claimed": 1}
    second.set()
    await again
    assert await count_states(rt, found) == {"accepted": 1}


async def test_officer_can_resend_or_fail_broadcasts_with_unknown_delivery(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    members = await create_subscribers(rt, 2)
    for each in members:
        post.answers[each.address] = Unreachable()
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    await broadcasts.send_shard(rt, found.id, 0)
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"in_doubt unreachable": 2}
    assert len(post.sent) == 2
    first, _second = await broadcasts.recipients(
        rt, officers.editor, found.id, RecipientStatus.IN_DOUBT
    )
    assert (
        await broadcasts.decide_in_doubt(rt, officers.lead, found.id, Doubt.LEAVE, [first.seq]) == 1
    )
    assert await broadcasts.decide_in_doubt(rt, officers.lead, found.id, Doubt.AGAIN) == 1
    post.answers.clear()
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"failed unknown": 1, "accepted": 1}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BlockedByUser(), "failed blocked"),
        (OptedOut(), "failed opted_out"),
        (TemporarilyRestricted(), "held not_now"),
        (Unreachable(), "in_doubt unreachable"),
        (Unreachable(certain=True), "planned unreachable"),
        (Throttled(300), "planned throttled"),
        (ChannelSuspended(), "planned held"),
        (TurnedDown(), "planned content"),
        (NoTemplate(), "planned template"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, SendError) else "",
)
async def test_broadcast_send_error_sets_the_recipient_status(
    rt: Runtime, error: SendError, status: str
) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    (member,) = await create_subscribers(rt, 1)
    post.answers[member.address] = error
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {status: 1}
    assert len(post.sent) == 1
    stopped = {"planned held": "held", "planned content": "content", "planned template": "template"}
    now = await _now(rt, found)
    assert now.state is (State.PAUSED if status in stopped else State.RUNNING)
    assert now.reason == stopped.get(status, "")


async def test_broadcast_records_that_a_recipient_blocked_or_opted_out(
    rt: Runtime,
) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    blocker, leaver = await create_subscribers(rt, 2)
    post.answers = {blocker.address: BlockedByUser(), leaver.address: OptedOut()}
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    officers = await create_officers(rt)
    assert (await broadcasts.count(rt, officers.editor, new_draft())).excluded == {"blocked": 1}
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT person_id FROM subscriptions")
        assert [row[0] for row in await cursor.fetchall()] == [blocker.id]


async def test_broadcast_pause_requested_by_the_platform_survives_a_restart(
    rt: Runtime,
) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    first, *_others = await create_subscribers(rt, 30)
    found = await _ready(rt)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE broadcast_recipients SET seq = -1 - seq")
        await session.execute(
            "UPDATE broadcast_recipients SET seq = CASE WHEN person_id = %s THEN 0 ELSE 30 + seq"
            " + 1 END",
            (first.id,),
        )
    post.answers = {each.address: Throttled(312) for each in (first, *_others)}
    await broadcasts.send_shard(rt, found.id, 0)
    sent_before = len(post.sent)
    assert sent_before <= AT_ONCE
    post.answers.clear()
    await broadcasts.send_shard(with_platforms(rt, post), found.id, 0)
    assert len(post.sent) == sent_before
    progress = await broadcasts.progress(rt, (await create_officers(rt)).editor, found.id)
    assert [(each.channel, each.reason) for each in progress.pauses] == [("telegram", "throttled")]
    await _advance_clock(rt, "313 seconds")
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"accepted": 30}


async def test_broadcast_deletes_delivered_parts_before_a_retry(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    (member,) = await create_subscribers(rt, 1)
    found = await _ready(rt)
    error = Throttled(3)
    error.sent, error.parts, error.external_ids = 1, 2, ("post-1",)
    post.answers = {member.address: error}
    await broadcasts.send_shard(rt, found.id, 0)
    assert [(act.kind, act.external_id) for act in post.sent] == [
        ("send", ""),
        ("delete", "post-1"),
    ]


async def test_broadcast_is_paused_after_many_errors(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    members = await create_subscribers(rt, 200)
    post.answers = {each.address: Unreachable() for each in members}
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) <= AT_ONCE
    now = await _now(rt, found)
    assert (now.state, now.reason) == (State.PAUSED, "storm")


async def _spoil(rt: Runtime, people: Sequence[Member]) -> None:
    """Overwrite encrypted addresses, as after corruption or the destruction of their key."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE handles SET address = decode(repeat('00', 60), 'hex')"
            " WHERE person_id = ANY(%s)",
            ([each.id for each in people],),
        )


async def test_broadcast_recipient_that_cannot_be_decrypted_delays_no_other(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    spoilt, *others = await create_subscribers(rt, AT_ONCE)
    await _spoil(rt, [spoilt])
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"accepted": len(others), "failed unreachable": 1}
    assert sorted(post.addresses) == sorted(each.address for each in others)


async def test_broadcast_is_paused_when_no_recipient_is_readable(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    await _spoil(rt, await create_subscribers(rt, 2 * AT_ONCE))
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"failed unreachable": AT_ONCE, "planned": AT_ONCE}
    now = await _now(rt, found)
    assert (now.state, now.reason) == (State.PAUSED, "storm")
    assert post.sent == []


@dataclass
class ResponseLosingPost(ScriptedPlatform):
    """A platform that loses its first response; pings fail while `loses_responses` is set."""

    loses_responses: bool = True

    async def send(self, act: ChannelCall) -> str:
        lost = not self.sent
        done = await super().send(act)
        if lost:
            raise Unreachable
        return done

    async def ping(self) -> None:
        if self.loses_responses:
            raise Unreachable


async def test_broadcast_claims_no_recipient_while_the_channel_is_unreachable(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_probe, "MAX_WAIT_SECONDS", 0.05)
    post = ResponseLosingPost()
    rt = with_platforms(rt, post)
    await create_subscribers(rt, AT_ONCE + 10)
    found = await _ready(rt)
    # In the second round, only the failed pings prevent further messages.
    for _bout in range(2):
        await broadcasts.send_shard(rt, found.id, 0)
        in_hand = {"accepted": AT_ONCE - 1, "in_doubt unreachable": 1}
        assert await count_states(rt, found) == in_hand | {"planned": 10}
        await _advance_clock(rt, "10 seconds")
    post.loses_responses = False
    await asyncio.gather(*(asking for _since, asking in rt.suspected_channels.values()))
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"accepted": AT_ONCE + 9, "in_doubt unreachable": 1}
    assert len(post.addresses) == len(set(post.addresses)) == AT_ONCE + 10


async def test_broadcast_schedules_no_job_for_an_unreachable_channel(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_probe, "MAX_WAIT_SECONDS", 0.05)
    loses_responses, well = ResponseLosingPost(), ScriptedPlatform("whatsapp")
    rt = with_platforms(rt, loses_responses, well)
    await create_subscribers(rt, AT_ONCE + 10)
    await create_subscribers(rt, 2, channel="whatsapp")
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(well.sent) == 2
    async with rt.pool.connection() as session:
        await session.execute("DELETE FROM procrastinate_jobs")
    await broadcasts.run_due(rt)
    assert await _jobs(rt) == []
    await _advance_clock(rt, "10 seconds")
    await broadcasts.run_due(rt)
    assert await _jobs(rt) == ["broadcasts.shard"]


async def test_broadcast_checks_eligibility_again_between_claim_and_send(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    members = await create_subscribers(rt, 6, languages=("ru",))
    found = await _ready(rt)
    quiet, blocked, left, gone, busy, _fine = members
    async with rt.pool.connection() as session:
        for statement, member in (
            ("UPDATE conversations SET quiet = true WHERE person_id = %s", quiet),
            ("UPDATE handles SET blocked = true WHERE person_id = %s", blocked),
            ("DELETE FROM subscriptions WHERE person_id = %s", left),
            ("DELETE FROM people WHERE id = %s", gone),
            ("UPDATE conversations SET updated_at = kosh_now() WHERE person_id = %s", busy),
        ):
            await session.execute(statement, (member.id,))
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {
        "skipped quiet": 1,
        "skipped blocked": 1,
        "skipped opted_out": 1,
        "planned talking": 1,
        "accepted": 1,
    }
    progress = await broadcasts.progress(rt, (await create_officers(rt)).editor, found.id)
    assert progress.reasons[RecipientStatus.SKIPPED, "erased"] == 1
    assert sum(progress.statuses.values()) == progress.broadcast.total == 6
    await _advance_clock(rt, "1 minute")
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) == 2


async def test_broadcast_waits_for_the_morning_in_the_recipients_time_zone(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    # One person lives in Turkey, one belongs to the mission in Turkey, and one has no known time
    # zone, so that Almaty's is used.
    turkey, ankara, unknown = await create_subscribers(rt, 3)
    async with rt.pool.connection() as session:
        await identities.set_mission(session, ankara.id, "tr_ankara")
        await session.execute(
            "INSERT INTO audience_attributes (person_id, kind, token) VALUES (%s, 'country', %s)",
            (turkey.id, rt.vault.index("trait:country", "TR")),
        )
        # 20:30 in Almaty (UTC+5) is 18:30 in Istanbul (UTC+3).
        await session.execute(
            "UPDATE test_clock SET ahead = ("
            " date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 day 15:30'"
            ") AT TIME ZONE 'UTC' - clock_timestamp()"
        )
        await session.execute("UPDATE conversations SET updated_at = '2020-01-01'")
    found = await _ready(rt, replace(new_draft(), quiet=(time(20), time(8))))
    await broadcasts.send_shard(rt, found.id, 0)
    assert set(post.addresses) == {turkey.address, ankara.address}
    assert await count_states(rt, found) == {"accepted": 2, "held quiet_hours": 1}
    await _advance_clock(rt, "11 hours 29 minutes")
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) == 2
    await _advance_clock(rt, "2 minutes")
    await broadcasts.send_shard(rt, found.id, 0)
    assert post.addresses[2:] == [unknown.address]


@pytest.mark.requirement("S-63")
async def test_broadcast_is_paused_at_once_and_continues_when_resumed(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    members = await create_subscribers(rt, 100)
    until = asyncio.Event()
    post.answers = {each.address: until for each in members}
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    sending = asyncio.create_task(broadcasts.send_shard(rt, found.id, 0))
    await post.tried.wait()
    await broadcasts.pause(rt, officers.editor, found.id)
    until.set()
    await sending
    sent_before = len(post.sent)
    assert sent_before == AT_ONCE
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) == sent_before
    await broadcasts.resume(rt, officers.lead, found.id)
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(set(post.addresses)) == len(post.addresses) == 100


@pytest.mark.requirement("S-63")
async def test_broadcast_sends_nothing_two_seconds_after_a_pause(rt: Runtime) -> None:
    post = ScriptedPlatform(rates=Rates(100, 20))
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 190)
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    sending = asyncio.create_task(broadcasts.send_shard(rt, found.id, 0))
    await post.tried.wait()
    await broadcasts.pause(rt, officers.editor, found.id)
    async with asyncio.timeout(2):
        await sending
    sent_count = len(post.sent)
    await broadcasts.send_shard(rt, found.id, 0)
    assert sent_count == len(post.sent) < 190


async def test_broadcast_start_queues_a_snapshot_job_that_queues_shard_jobs(rt: Runtime) -> None:
    await create_subscribers(rt, 3)
    found = await start(rt, await create_officers(rt), new_draft())
    assert await _jobs(rt) == ["broadcasts.snapshot"]
    await broadcasts.snapshot(rt, found.id)
    assert await _jobs(rt) == ["broadcasts.shard", "broadcasts.snapshot"]


async def _jobs(rt: Runtime) -> list[str]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT task_name FROM procrastinate_jobs WHERE task_name LIKE 'broadcasts.%'"
            " ORDER BY 1"
        )
        return [row[0] for row in await cursor.fetchall()]


_READ: LiteralString = """
SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
WHERE relname = 'broadcast_recipients'
"""


@pytest.mark.usefixtures("new_database")
async def test_broadcast_scheduler_reads_one_row_per_shard(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "SHARD", 10)
    await create_subscribers(rt, 200)
    found = await _ready(rt)
    async with rt.pool.connection() as session:
        await session.execute("DELETE FROM procrastinate_jobs")
        before = await (await session.execute(_READ)).fetchone()
        await scheduler._queue_shards(session, found)
        after = await (await session.execute(_READ)).fetchone()
    assert before and after and len(await _jobs(rt)) == 20
    assert after[0] - before[0] <= 20


async def test_broadcast_returns_unused_tokens_to_the_rate_limiter(
    rt: Runtime,
) -> None:
    # The rate limiter adds tokens so slowly that it adds none during the test. Announcements may
    # take 16 of its 20 tokens.
    post = ScriptedPlatform(rates=Rates(0.001, 20))
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 7)
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) == 7
    name = rate_limits.bucket(rt, "telegram")
    assert (
        await rt.valkey.allow(name, rate=0.001, burst=20, cost=9, reserve=rate_limits.RESERVE) == 0
    )


async def test_broadcast_cancel_skips_remaining_recipients(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 3)
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    await broadcasts.cancel(rt, officers.editor, found.id)
    await broadcasts.send_shard(rt, found.id, 0)
    await broadcasts.run_due(rt)
    assert post.sent == []
    assert await count_states(rt, found) == {"cancelled": 3}


async def test_broadcast_ends_without_sending_after_its_deadline(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 3)
    found = await _ready(
        rt, replace(new_draft(), not_later_than=datetime.now(UTC) + timedelta(hours=1))
    )
    await _advance_clock(rt, "61 minutes")
    await broadcasts.send_shard(rt, found.id, 0)
    await broadcasts.run_due(rt)
    await broadcasts.run_due(rt)
    assert post.sent == []
    assert await count_states(rt, found) == {"skipped late": 3}
    assert (await _now(rt, found)).state is State.DONE


async def test_broadcast_starts_at_its_scheduled_time(rt: Runtime) -> None:
    await create_subscribers(rt, 1)
    at = datetime.now(UTC) + timedelta(hours=3)
    found = await start(rt, await create_officers(rt), replace(new_draft(), not_before=at))
    assert found.state is State.SCHEDULED
    await broadcasts.run_due(rt)
    assert (await _now(rt, found)).state is State.SCHEDULED
    await _advance_clock(rt, "3 hours 1 minute")
    await broadcasts.run_due(rt)
    assert (await _now(rt, found)).state is State.RUNNING


async def test_broadcast_canary_of_fifty_is_sent_ten_minutes_before_the_rest(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 120)
    found = await start(rt, await create_officers(rt), new_draft())
    await broadcasts.snapshot(rt, found.id)
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) == 50
    await broadcasts.run_due(rt)
    await broadcasts.run_due(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) == 50
    await _advance_clock(rt, "11 minutes")
    await broadcasts.run_due(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) == 120


async def test_broadcast_is_paused_when_the_canary_fails(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    members = await create_subscribers(rt, 60)
    post.answers = {each.address: BlockedByUser() for each in members}
    found = await start(rt, await create_officers(rt), new_draft())
    await broadcasts.snapshot(rt, found.id)
    await broadcasts.send_shard(rt, found.id, 0)
    await broadcasts.run_due(rt)
    await _advance_clock(rt, "11 minutes")
    await broadcasts.run_due(rt)
    now = await _now(rt, found)
    assert (now.state, now.reason) == (State.PAUSED, "canary")


async def test_broadcast_retry_includes_only_failed_recipients(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    members = await create_subscribers(rt, 20, languages=("ru",))
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE broadcast_recipients SET state = 'failed', reason = 'refused' WHERE"
            " person_id = %s",
            (members[0].id,),
        )
        await session.execute(
            "UPDATE broadcast_recipients SET state = 'failed', reason = 'blocked' WHERE"
            " person_id = %s",
            (members[1].id,),
        )
    await broadcasts.send_shard(rt, found.id, 0)
    await broadcasts.run_due(rt)
    assert (await _now(rt, found)).state is State.DONE
    assert await broadcasts.retry_failed(rt, officers.lead, found.id) == 1
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.addresses) == 19
    assert await count_states(rt, found) == {"accepted": 19, "failed blocked": 1}
    await broadcasts.run_due(rt)
    assert await broadcasts.retry_failed(rt, officers.lead, found.id) == 0
    assert await broadcasts.decide_in_doubt(rt, officers.lead, found.id, Doubt.AGAIN) == 0
    assert (await _now(rt, found)).state is State.DONE


async def test_broadcast_omits_its_text_for_people_who_chose_discreet_messages(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 1, languages=("ru",))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE subscriptions SET discreet = true")
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    message = post.sent[0].message
    assert message is not None
    assert TEXTS["ru"].body not in message.paragraphs
    assert [press.payload for press in message.buttons] == ["!news"]


async def test_broadcast_on_whatsapp_after_24_hours_needs_a_template(rt: Runtime) -> None:
    post = ScriptedPlatform("whatsapp", window=24 * 3600)
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 1, channel="whatsapp", languages=("ru",))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE handles SET spoke_at = kosh_now()")
    inside = await _ready(rt)
    await _advance_clock(rt, "25 hours")
    await broadcasts.send_shard(rt, inside.id, 0)
    assert await count_states(rt, inside) == {"skipped no_template": 1}
    outside = await _ready(rt, new_draft(texts=WITH_TEMPLATES))
    await broadcasts.send_shard(rt, outside.id, 0)
    (act,) = post.sent
    assert act.closed
    assert act.message is not None
    assert act.message.template is not None


async def test_broadcast_respects_the_daily_recipient_limit(rt: Runtime) -> None:
    post = ScriptedPlatform("whatsapp", window=24 * 3600)
    rt = with_platforms(rt, post)
    rt = replace(rt, settings=rt.settings.model_copy(update={"whatsapp_daily_limit": 30}))
    await create_subscribers(rt, 70, channel="whatsapp", languages=("ru",))
    draft = new_draft(texts=WITH_TEMPLATES)
    counted = await broadcasts.count(rt, (await create_officers(rt)).editor, draft)
    assert broadcasts.estimate(rt, draft, counted).seconds["whatsapp"] == 2 * 24 * 3600
    found = await _ready(rt, draft)
    for day in range(1, 4):
        await broadcasts.send_shard(rt, found.id, 0)
        await broadcasts.send_shard(rt, found.id, 0)
        assert len(post.sent) == min(70, 30 * day)
        await _advance_clock(rt, "24 hours 1 minute")


def _receipt(state: Any, row: str, code: str = "") -> DeliveryReport:
    return DeliveryReport("whatsapp", state, 0, code, row)


async def test_broadcast_delivery_report_never_lowers_a_recipients_status(rt: Runtime) -> None:
    post = ScriptedPlatform("whatsapp", window=0)
    rt = with_platforms(rt, post)
    (member,) = await create_subscribers(rt, 1, channel="whatsapp", languages=("ru",))
    post.answers[member.address] = Unreachable()
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"in_doubt unreachable": 1}
    row = post.sent[0].row
    for state, status in (("sent", "accepted"), ("read", "read"), ("delivered", "read")):
        await broadcasts.record_reports(rt, [_receipt(state, row)])
        assert await count_states(rt, found) == {status: 1}
    await broadcasts.record_reports(rt, [_receipt("failed", row, BlockedByUser.code)])
    assert await count_states(rt, found) == {"read": 1}


async def _sent_to_one(rt: Runtime) -> tuple[Runtime, ScriptedPlatform, broadcasts.Broadcast]:
    """Send a broadcast with templates to one person on WhatsApp, and return the broadcast.

    WhatsApp has not yet reported whether the message was delivered.
    """
    post = ScriptedPlatform("whatsapp", window=24 * 3600)
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 1, channel="whatsapp", languages=("ru",))
    found = await _ready(rt, new_draft(texts=WITH_TEMPLATES))
    await broadcasts.send_shard(rt, found.id, 0)
    return rt, post, found


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (TemporarilyRestricted.code, "held not_now"),
        (OptedOut.code, "failed opted_out"),
        (BlockedByUser.code, "failed blocked"),
        (WindowClosed.code, "planned"),
    ],
)
async def test_broadcast_failure_report_after_sending_counts_as_a_send_error(
    rt: Runtime, code: str, status: str
) -> None:
    rt, post, found = await _sent_to_one(rt)
    row = post.sent[0].row
    await broadcasts.record_reports(rt, [_receipt("failed", row, code)])
    assert await count_states(rt, found) == {status: 1}
    # After a new attempt, a report about the earlier attempt is ignored.
    if status == "planned":
        await _advance_clock(rt, "1 minute")
        await broadcasts.send_shard(rt, found.id, 0)
        await broadcasts.record_reports(rt, [_receipt("delivered", row)])
        assert await count_states(rt, found) == {"accepted": 1}


@pytest.mark.parametrize(
    ("error", "reason"), [(ChannelSuspended(), "held"), (NoTemplate(), "template")]
)
async def test_broadcast_is_paused_when_a_report_says_the_account_is_refused(
    rt: Runtime, error: SendError, reason: str
) -> None:
    rt, post, found = await _sent_to_one(rt)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE broadcasts SET state = 'done'")
    report = _receipt("failed", post.sent[0].row, error.code)
    for _time in range(2):
        await broadcasts.record_reports(rt, [report])
        now = await _now(rt, found)
        assert (now.state, now.reason) == (State.PAUSED, reason)
    assert await count_states(rt, found) == {f"planned {reason}": 1}
    await _advance_clock(rt, "1 minute")
    await broadcasts.send_shard(rt, found.id, 0)
    assert len(post.sent) == 1


async def test_broadcast_reaches_the_web_chat_in_the_demo(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO subscriptions (person_id, topic) SELECT id, %s FROM people", (TOPIC,)
        )
        await session.execute("UPDATE conversations SET updated_at = '2020-01-01'")
    before = await guest.rows()
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"accepted": 1}
    (row,) = [each for each in await guest.rows() if each not in before]
    assert row[1:] == ("send", "sent")


async def test_broadcast_does_not_change_the_open_question_of_a_form(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    before = await guest.conversation()
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO handles (channel, blind_index, person_id, address)"
            " SELECT 'telegram', blind_index, person_id, address FROM handles"
        )
        cursor = await session.execute("SELECT key, key_version, id FROM people")
        row = await cursor.fetchone()
        assert row is not None
        person = rt.vault.open(row[2], WrappedKey(row[1], bytes(row[0])))
        await session.execute(
            "UPDATE handles SET address = %s WHERE channel = 'telegram'",
            (person.seal(b"999", "handles", "address", "telegram"),),
        )
        await session.execute(
            "INSERT INTO subscriptions (person_id, topic) VALUES (%s, %s)", (row[2], TOPIC)
        )
        await session.execute("UPDATE conversations SET updated_at = '2020-01-01'")
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    found = await _ready(rt)
    await broadcasts.send_shard(rt, found.id, 0)
    assert post.addresses == ["999"]
    after = await guest.conversation()
    assert after == before
    await guest.go("yes")
    now = await guest.conversation()
    assert now is not None
    assert now.asked != (before.asked if before else None)


async def test_broadcast_results_of_one_channel_are_stored_when_another_fails(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 20)
    found = await _ready(rt)
    failed, settled, claim = asyncio.Event(), sender._write_outcomes, sender._claim

    async def failing(rt: Runtime, load: Any, channel: str, limit: int) -> Any:
        if channel == "telegram":
            return await claim(rt, load, channel, limit)
        failed.set()
        raise ZeroDivisionError

    async def late(*args: Any) -> None:
        await failed.wait()
        await asyncio.sleep(0)
        await settled(*args)

    monkeypatch.setattr(sender, "push_channels", lambda rt: ("telegram", "web"))
    monkeypatch.setattr(sender, "_claim", failing)
    monkeypatch.setattr(sender, "_write_outcomes", late)
    monkeypatch.setattr(sender, "LAST_SECONDS", 0)
    with pytest.raises(ZeroDivisionError):
        await broadcasts.send_shard(rt, found.id, 0)
    assert (await count_states(rt, found)).keys() == {"accepted"}


class _Meta(ScriptedPlatform):
    """A platform whose message ids contain the recipient, as Meta's do."""

    async def send(self, act: ChannelCall) -> str:
        await super().send(act)
        return f"wamid.{base64.b64encode(act.address.encode()).decode()}"


async def test_broadcast_stores_nothing_that_identifies_its_recipients(rt: Runtime) -> None:
    post = _Meta("whatsapp", window=24 * 3600, edits=False, deletes=False)
    rt = with_platforms(rt, post)
    members = await create_subscribers(rt, 2, channel="whatsapp", languages=("ru",))
    post.answers[members[0].address] = Unreachable()
    found = await _ready(rt, new_draft(texts=WITH_TEMPLATES))
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"accepted": 1, "in_doubt unreachable": 1}
    reports = [DeliveryReport("whatsapp", "read", 0, "", act.row) for act in post.sent]
    await broadcasts.record_reports(rt, reports)
    assert await count_states(rt, found) == {"read": 2}
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT coalesce(external_id, '') FROM broadcast_recipients")
        message_ids = [row[0].removeprefix("wamid.") for row in await cursor.fetchall()]
    stored_bytes = b" ".join(map(base64.b64decode, message_ids))
    assert len(message_ids) == 2
    assert not any(each.address.encode() in stored_bytes for each in members)


# SQL for the time at which the only recipient's message was sent. A time one microsecond later
# detects code that reads the clock twice.
SENT: LiteralString = "SELECT state_at FROM broadcast_recipients"


@pytest.mark.parametrize("code", [BlockedByUser.code, WindowClosed.code])
@pytest.mark.parametrize(
    ("since", "later"),
    [
        (f"UPDATE conversations SET updated_at = ({SENT}) + '1 microsecond'::interval", True),
        # The person wrote on this channel and later on another one.
        (f"UPDATE handles SET spoke_at = ({SENT}) + '1 microsecond'::interval", True),
        ("UPDATE conversations SET updated_at = kosh_now(), channel = 'web'", False),
        ("SELECT", False),
    ],
)
async def test_broadcast_failure_report_is_ignored_when_the_person_wrote_since(
    rt: Runtime, code: str, since: LiteralString, later: bool
) -> None:
    post = ScriptedPlatform("whatsapp", window=24 * 3600, edits=False, deletes=False)
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 1, channel="whatsapp", languages=("ru",))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE handles SET spoke_at = kosh_now() - interval '10 minutes'")
    found = await _ready(rt, new_draft(texts=WITH_TEMPLATES))
    await broadcasts.send_shard(rt, found.id, 0)
    async with rt.pool.connection() as session:
        await session.execute(since)
    await broadcasts.record_reports(rt, [_receipt("failed", post.sent[0].row, code)])
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT spoke_at IS NOT NULL, blocked FROM handles")
        assert await cursor.fetchall() == [(later, not later and code == BlockedByUser.code)]


async def test_broadcast_opt_out_at_the_platform_ends_the_subscription(rt: Runtime) -> None:
    one, other = await create_subscribers(rt, 2, channel="whatsapp")
    await receive.receive(rt, BroadcastsStopped("whatsapp", ("KZ.unknown", one.address)))
    async with rt.pool.connection() as session:
        assert await subscriptions.of_person(session, one.id) is None
        assert await subscriptions.of_person(session, other.id) is not None


async def test_broadcast_retry_skips_recipients_whom_an_officer_left_in_doubt(rt: Runtime) -> None:
    post = ScriptedPlatform()
    rt = with_platforms(rt, post)
    await create_subscribers(rt, 2, languages=("ru",))
    officers = await create_officers(rt)
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE broadcast_recipients SET state = 'in_doubt', reason = 'crash' WHERE seq = 0"
        )
        await session.execute(
            "UPDATE broadcast_recipients SET state = 'failed', reason = 'refused' WHERE seq = 1"
        )
    assert await broadcasts.decide_in_doubt(rt, officers.lead, found.id, Doubt.LEAVE) == 1
    assert await broadcasts.retry_failed(rt, officers.lead, found.id) == 1
    assert await count_states(rt, found) == {"failed unknown": 1, "planned": 1}
