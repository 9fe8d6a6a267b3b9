"""Each Prometheus alert fires when its condition is provoked.

The module `tests.promql` evaluates the alert rules over the output of /metrics.
"""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import aiohttp
import psycopg
import pytest
import yaml

from bot import budgets, notifications, outbox
from bot import runtime as running
from bot.budgets import Spending
from bot.cache import Cache
from bot.channels import Inbound
from bot.clients import platforms
from bot.content import Body, endings
from bot.content.live import snapshot
from bot.conversations import quarantine, receive
from bot.conversations.anonymous import Overloaded
from bot.db import job_queue
from bot.embedded import Databases
from bot.i18n import Languages
from bot.observability import logging, metrics
from bot.operations import health
from bot.outgoing_webhooks.events import Event
from bot.privacy import retention
from bot.registrations import registry_codes
from bot.runtime import Runtime, pool
from bot.security import audit_log
from bot.web.app import create_app
from bot.web.health import metrics_app
from bot.worker import newer_jobs
from flows.engine.events import Said
from tests.app_stack import serving, shared_runtime
from tests.clock import advance_database_clock
from tests.desk.desks import ask, insert_officer, seen
from tests.emulators.telegram import Emulator
from tests.jobs import run_waiting
from tests.outgoing_webhooks.subscriber import subscriber
from tests.person_client import Guest
from tests.promql import Scrape, fires, scraped
from tests.registrations.registries import REFUSED, StoringRegistry, write_due

ROOT = Path(__file__).parents[2]
RULES = yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text("utf-8"))["groups"][0]
ALARMS = {rule["alert"]: rule for rule in RULES["rules"]}

SIGHT = health.Snapshot(database=True, valkey=True)

type Provoke = Callable[[Runtime, Databases], Awaitable[Runtime]]

PROVOKED: dict[str, Provoke] = {}
# Alerts about a process that is down or restarting: its own /metrics cannot show them.
OF_PROCESSES = {"KoshDown", "KoshLooping"}
# Alerts that depend on the date: provoking one would depend on the day of the test's run.
OF_DAYS = {"KoshFactsEnd"}


def provokes(name: str) -> Callable[[Provoke], Provoke]:
    def kept(act: Provoke) -> Provoke:
        PROVOKED[name] = act
        return act

    return kept


@dataclass
class Prometheus:
    """A scraper of /metrics; it adds the series `up` as Prometheus does."""

    http: aiohttp.ClientSession

    async def scrape(self, rt: Runtime) -> Scrape:
        async with serving(metrics_app(rt)) as url, self.http.get(f"{url}/metrics") as answer:
            up = frozenset({("job", "kosh")})
            return scraped(await answer.text()) | {"up": {up: float(answer.status == 200)}}


@pytest.fixture
async def prometheus() -> AsyncIterator[Prometheus]:
    async with aiohttp.ClientSession() as http:
        yield Prometheus(http)


@pytest.mark.requirement("S-76")
def test_alert_tests_cover_every_alert() -> None:
    assert PROVOKED.keys() | OF_PROCESSES | OF_DAYS == ALARMS.keys()


def test_alert_event_counters_start_at_zero() -> None:
    """Check that each event in the rules has a counter that exists from the start.

    Prometheus ignores the first value of a new series, so that the first event would be missed.
    """
    events = re.findall(r'event=~?"([^"]+)"', str(RULES))
    assert {each for some in events for each in some.split("|")} == set(metrics.ALARMING)


def test_alert_fires_when_no_process_is_up() -> None:
    rule = ALARMS["KoshDown"]["expr"]
    up = frozenset({("job", "kosh")})
    assert fires(rule, {}, {})
    assert fires(rule, {}, {"up": {up: 0.0}})
    assert not fires(rule, {}, {"up": {up: 1.0}})


def test_alert_fires_when_a_process_restarts_repeatedly() -> None:
    rule = ALARMS["KoshLooping"]["expr"]

    def begun(at: float) -> Scrape:
        return {"process_start_time_seconds": {frozenset({("job", "kosh")}): at}}

    assert not fires(rule, *(begun(1) for _ in range(60)))
    assert not fires(rule, begun(1), begun(1), begun(2))
    assert fires(rule, *(begun(at) for at in (1, 2, 2, 3, 4, 5)))


def test_alert_fires_thirty_days_before_facts_expire() -> None:
    rule = ALARMS["KoshFactsEnd"]["expr"]

    def on(day: date) -> Scrape:
        facts = tuple(endings.counts(day).items())
        return scraped(metrics.exposition(health.samples(replace(SIGHT, facts=facts))).decode())

    assert not fires(rule, on(date(2026, 11, 30)))
    assert fires(rule, on(date(2026, 12, 1)))
    assert fires(rule, on(date(2027, 1, 1))), "a fact that has ended is a reason too"


def test_alert_on_expiring_facts_is_resolved_by_following_its_runbook() -> None:
    day = date(2026, 12, 1)
    rule, due = ALARMS["KoshFactsEnd"]["expr"], endings.ending(day)
    later = Body(texts={"en": "x"}, as_of=day, checked=day, until=day + timedelta(days=90))
    edition = snapshot(Languages(), 1, {f"fact:{fact.key}": later for fact in due}).on(day)
    facts = tuple(endings.counts(edition).items())
    seen_by = scraped(metrics.exposition(health.samples(replace(SIGHT, facts=facts))).decode())
    assert due
    assert not fires(rule, seen_by)


@pytest.mark.parametrize("name", sorted(ALARMS.keys() - OF_PROCESSES - OF_DAYS))
@pytest.mark.requirement("S-76")
async def test_alert_fires_when_its_condition_is_provoked(
    name: str, rt: Runtime, databases: Databases, prometheus: Prometheus
) -> None:
    logging.configure("info")
    for each in metrics.ALARMING:
        # Reset the counter to zero, as in a process that has just started.
        metrics.ALARMS.labels(each).reset()
    before = await prometheus.scrape(rt)
    rule = ALARMS[name]["expr"]
    assert not fires(rule, before, before)
    after = await PROVOKED[name](rt, databases)
    assert fires(rule, before, await prometheus.scrape(after))


async def test_alert_on_errors_fires_when_a_job_fails(rt: Runtime, prometheus: Prometheus) -> None:
    rule, app = ALARMS["KoshErrors"]["expr"], newer_jobs.worker_app()

    async def fail() -> None:
        raise ZeroDivisionError

    app.task(name="failing", queue="default")(fail)
    async with rt.pool.connection() as session:
        await job_queue.defer(session, "failing")
    logging.configure("info")
    before = await prometheus.scrape(rt)
    await run_waiting(app, rt)
    assert fires(rule, before, await prometheus.scrape(rt))


async def test_alert_on_errors_fires_when_a_message_cannot_be_decrypted(
    rt: Runtime, prometheus: Prometheus
) -> None:
    logging.configure("info")
    guest = Guest(rt)
    await guest.consent()
    await receive.receive(rt, guest.inbound(Said("help")))
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE messages SET state = 'pending', done_at = NULL, body = 'nonsense'::bytea"
        )
    before = await prometheus.scrape(rt)
    await outbox.sweep(rt)
    assert fires(ALARMS["KoshErrors"]["expr"], before, await prometheus.scrape(rt))


async def test_alert_on_errors_fires_when_a_webhook_cannot_be_sent(
    rt: Runtime, prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = ALARMS["KoshErrors"]["expr"]
    logging.configure("info")
    async with subscriber(rt) as system:
        endpoint = await system.subscribe()
        await system.test_event(endpoint["id"])
        before = await prometheus.scrape(rt)
        monkeypatch.setattr(Event, "body", _Broken.__getattribute__)
        await system.deliver()
    assert fires(rule, before, await prometheus.scrape(rt))


async def test_alert_on_refusals_fires_when_the_web_chat_answers_503(
    rt: Runtime, databases: Databases, prometheus: Prometheus
) -> None:
    before = await prometheus.scrape(rt)
    broken = await database_away(rt, databases)
    async with _web(broken) as url, aiohttp.ClientSession(cookies={"kosh": "x" * 43}) as http:
        answers = await asyncio.gather(*(http.get(f"{url}/chat") for _ in range(11)))
        assert {each.status for each in answers} == {503}
    assert fires(ALARMS["KoshRefusing"]["expr"], before, await prometheus.scrape(rt))


@pytest.mark.parametrize("name", ["KoshUnsent", "KoshRegistrationsWait", "KoshUnprocessed"])
async def test_alert_rules_read_only_existing_metrics(
    name: str, rt: Runtime, prometheus: Prometheus
) -> None:
    assert not fires(ALARMS[name]["expr"], {}, await prometheus.scrape(rt))


@provokes("KoshDatabaseUnavailable")
async def database_away(rt: Runtime, databases: Databases) -> Runtime:
    unreachable_pool = pool("postgresql://kosh_app@127.0.0.1:9/kosh", 1)
    await unreachable_pool.open(wait=False)
    return replace(rt, pool=unreachable_pool)


@provokes("KoshLiveAway")
async def live_away(rt: Runtime, databases: Databases) -> Runtime:
    return replace(rt, valkey=Cache.at("redis://127.0.0.1:9/0"))


@provokes("KoshWebChatBurst")
async def many_cases(rt: Runtime, databases: Databases) -> Runtime:
    limited = replace(rt, settings=rt.settings.model_copy(update={"web_chats_hourly": 1}))
    while await budgets.spend(limited, "192.0.2.1", [Spending.CASE]) == budgets.Granted():
        pass
    return limited


@provokes("KoshIngestLag")
async def written_long_ago(rt: Runtime, databases: Databases) -> Runtime:
    name = uuid4().hex
    late = int(time.time()) - 120
    await receive.receive(rt, Inbound("whatsapp", "wamid.1", name, name, Said("hello"), at=late))
    return rt


@provokes("KoshRefusing")
async def refusing(rt: Runtime, databases: Databases) -> Runtime:
    broken = await database_away(rt, databases)
    update = b'{"update_id": 1, "message": {"message_id": 1, "date": 1, "text": "hello",'
    update += b' "chat": {"id": 9000001, "type": "private"}, "from": {"id": 9000001,'
    update += b' "is_bot": false, "first_name": "Testova"}}}'
    secret = rt.settings.require_webhook_secret()

    async with _web(broken) as url, aiohttp.ClientSession() as http:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}

        async def bring() -> int:
            async with http.post(
                f"{url}/webhooks/telegram", data=update, headers=headers
            ) as response:
                return response.status

        assert set(await asyncio.gather(*(bring() for _ in range(11)))) == {503}
    return rt


@provokes("KoshUnprocessed")
async def a_job_that_nobody_takes(rt: Runtime, databases: Databases) -> Runtime:
    async with rt.pool.connection() as session:
        await job_queue.defer(session, "nobody", write=str(uuid4()))
    with psycopg.connect(databases.owner) as owner:
        owner.execute("UPDATE procrastinate_events SET at = at - interval '6 minutes'")
    return rt


@provokes("KoshUnsent")
async def a_message_that_nobody_sends(rt: Runtime, databases: Databases) -> Runtime:
    guest = Guest(rt)
    await guest.consent()
    await receive.receive(rt, guest.inbound(Said("help")))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE messages SET state = 'pending', done_at = NULL")
    await advance_database_clock(rt, "6 minutes")
    return rt


@provokes("KoshRegistrationsWait")
async def a_registry_that_does_not_answer(rt: Runtime, databases: Databases) -> Runtime:
    person, registration = uuid4(), uuid4()
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO people (id, key, key_version) VALUES (%s, '', 1)", (person,)
        )
        await session.execute(
            "INSERT INTO registrations (id, person_id, state) VALUES (%s, %s, 'pending')",
            (registration, person),
        )
        await session.execute(
            "INSERT INTO registry_writes (id, registration_id, number, kind, state)"
            " VALUES (%s, %s, 1, 'create', 'unknown')",
            (uuid4(), registration),
        )
    await advance_database_clock(rt, "16 minutes")
    return rt


@provokes("KoshErasureRefused")
async def a_registry_that_refuses_to_erase(rt: Runtime, databases: Databases) -> Runtime:
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/delete", "yes")
    registry.fails = {"withdraw_consent": REFUSED}
    await write_due(rt, registry)
    return rt


@provokes("KoshPlatformRefuses")
async def a_token_that_was_withdrawn(rt: Runtime, databases: Databases) -> Runtime:
    async with Emulator(token="1000000009:AnotherTokenThatIsPlainlyInventedHere") as telegram:
        chosen = rt.settings.model_copy(update={"telegram_api": telegram.url})
        channels = platforms(chosen, rt.http, rt.languages)
        await health.ask_platforms(replace(rt, channels=channels))
    return rt


@provokes("KoshOfficersNotNotified")
async def a_mail_server_that_is_down(rt: Runtime, databases: Databases) -> Runtime:
    changes = {"smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_from": "kosh@example.kz"}
    rt = replace(rt, settings=rt.settings.model_copy(update=changes | {"smtp_security": "none"}))
    officer = await insert_officer(rt)
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO officer_notifications (officer_id, kind, subject, state)"
            " VALUES (%s, 'new_case', 'case', 'pending')",
            (officer.id,),
        )
    await notifications.send_due(rt)
    return rt


@provokes("KoshAuthFailures")
async def a_guesser_of_secrets(rt: Runtime, databases: Databases) -> Runtime:
    async with _web(rt) as url, aiohttp.ClientSession() as http:
        headers = {"X-Telegram-Bot-Api-Secret-Token": "wrong"}
        for _ in range(21):
            async with http.post(
                f"{url}/webhooks/telegram", data=b"{}", headers=headers
            ) as response:
                assert response.status == 403
    return rt


@provokes("KoshErrors")
async def a_turn_that_fails(rt: Runtime, databases: Databases) -> Runtime:
    guest = Guest(rt)
    await guest.consent()
    broken: Any = _Broken()
    with pytest.raises(Overloaded):
        await receive.receive(replace(rt, flows=broken), guest.inbound(Said("hello")))
    return rt


class _Broken(dict[str, object]):
    def __getattribute__(self, name: str) -> object:
        raise ZeroDivisionError


@provokes("KoshDeletionFailed")
async def a_right_that_is_missing(rt: Runtime, databases: Databases) -> Runtime:
    with psycopg.connect(databases.owner) as owner:
        owner.execute("REVOKE DELETE ON secure_links FROM kosh_retention")
    await retention.retain(rt)
    return rt


@provokes("KoshQuarantine")
async def what_nobody_can_read(rt: Runtime, databases: Databases) -> Runtime:
    async with rt.pool.connection() as session:
        for number in range(51):
            await quarantine.quarantine(
                rt, session, "telegram", f"update {number}", "E_UNREADABLE", 9
            )
    return rt


@provokes("KoshAuditBroken")
async def a_log_that_was_changed(rt: Runtime, databases: Databases) -> Runtime:
    async with rt.pool.connection() as session:
        await audit_log.append(session, actor="person", action="erased", subject=str(uuid4()))
    with psycopg.connect(databases.owner) as owner:
        owner.execute("UPDATE audit_entries SET actor = 'nobody'")
    await health.AuditWatch().verify(rt)
    return rt


@provokes("KoshReadingBudget")
async def a_curious_officer(rt: Runtime, databases: Databases) -> Runtime:
    officer, case = await insert_officer(rt), await ask(Guest(rt))
    async with rt.pool.connection() as session:
        for _ in range(60):
            read = {"actor": str(officer.id), "action": "case.read", "subject": str(uuid4())}
            await audit_log.append(session, **read)
    await seen(rt, officer, case.id)
    return rt


@provokes("KoshClosed")
async def a_registry_that_knows_other_codes(rt: Runtime, databases: Databases) -> Runtime:
    registry: Any = _Empty()
    closed = await registry_codes.verify_codes(replace(rt, registry=registry))
    assert closed.flows["preregistration"].items == ()
    return rt


class _Empty:
    async def reference(self, kind: str) -> tuple[()]:
        return ()


@provokes("KoshKeysUnreadable")
async def a_directory_of_keys_that_went(rt: Runtime, databases: Databases) -> Runtime:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(running, "KEYS_SECONDS", 0.01)
        keys = Path(shutil.copytree(rt.settings.key_dir, Path(folder) / "keys"))
        chosen = rt.settings.model_copy(update={"key_dir": keys})
        async with running.runtime(chosen), asyncio.timeout(60):
            shutil.rmtree(keys)
            labels = {"event": "keys.unreadable"}
            while not metrics.REGISTRY.get_sample_value("kosh_alert_events_total", labels):  # noqa: ASYNC110 — what goes rings no bell
                await asyncio.sleep(0.01)
    return rt


@asynccontextmanager
async def _web(rt: Runtime) -> AsyncIterator[str]:
    async with serving(create_app(shared_runtime(rt))) as url:
        yield url


# Labels of metrics


async def test_metric_labels_contain_no_personal_data(rt: Runtime, prometheus: Prometheus) -> None:
    guest = Guest(rt)
    await guest.consent()
    await guest.go("yes", "TESTOVA", "GULNAR")
    known = {
        "channel", "code", "commit", "event", "intent", "language", "le", "of", "outcome", "status",
        "state", "step", "to", "version", "way",
    }  # fmt: skip
    named = {"implementation", "major", "minor", "patchlevel"}
    for name, series in (await prometheus.scrape(rt)).items():
        for labels in series:
            values = dict(labels)
            assert values.keys() <= known | named | {"job"}, name
            assert not any("TESTOVA" in each or guest.name in each for each in values.values()), (
                name
            )
        # Count the buckets of a histogram once (label `le`), because their number is fixed.
        kinds = {frozenset((at, what) for at, what in each if at != "le") for each in series}
        assert len(kinds) < 40, name


async def test_metric_labels_mask_personal_data_in_an_error_code(
    rt: Runtime, prometheus: Prometheus
) -> None:
    logging.configure("info")
    logging.get().warning("update.unreadable", code="TESTOVA GULNAR", channel="+77010000001")
    async with serving(metrics_app(rt)) as url, prometheus.http.get(f"{url}/metrics") as answer:
        text = await answer.text()
    assert "TESTOVA" not in text
    assert "77010000001" not in text


async def test_metrics_are_not_on_the_public_port(rt: Runtime, prometheus: Prometheus) -> None:
    async with _web(rt) as url, prometheus.http.get(f"{url}/metrics") as answer:
        assert answer.status == 404


async def test_metrics_count_updates_pending_at_telegram(
    rt: Runtime, prometheus: Prometheus
) -> None:
    token = rt.settings.telegram_token.get_secret_value() if rt.settings.telegram_token else ""
    async with Emulator(token=token) as telegram:
        await telegram.user(9000001).say("hello")
        chosen = rt.settings.model_copy(update={"telegram_api": telegram.url})
        channels = platforms(chosen, rt.http, rt.languages)
        await health.ask_platforms(replace(rt, channels=channels))
    now = await prometheus.scrape(rt)
    assert now["kosh_platform_pending"][frozenset({("channel", "telegram")})] == 1
