"""`./kosh bench console`: response times of the console while many officers have pages open.

The cases are invented. SQL creates the closed cases, whose content cannot be decrypted. The open
cases belong to people with encryption keys. Simulated officers keep a page open as `console.js`
does: they receive a stream of events, and fetch the changed part of the page after an event, with
the same pauses. Each officer also fetches pages and sends forms every ACT_EVERY seconds on average.
"""

import asyncio
import random
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any, LiteralString
from uuid import UUID, uuid4

import aiohttp
import msgspec
import psycopg

from bot import embedded
from bot.config.settings import Settings
from bot.db.migrations import migrate
from bot.embedded.server_process import free_port
from bot.observability import logging
from bot.officers import directory
from bot.officers.permissions import Role
from bot.people import identities
from bot.runtime import Runtime, runtime
from bot.web.console import demo_officers
from bot.web.console.labels import TOPICS
from flows.engine.flow import Answer, Form
from flows.engine.state import Conversation
from flows.knowledge.missions import GENERAL
from tests.app_stack import stack_settings
from tests.benchmarks.processes import cpu_seconds, listening, process, stores
from tests.benchmarks.webhooks import environment
from tests.console_client import Console

LANGUAGES = ("kk", "ru", "zh_Hans", "uz", "kk_Arab")
WORDS = "Testova asks what she has to do with a paper that nobody has seen"
# Pauses in seconds between an event and the next fetch, the same as in console.js.
MIN_PAUSE, OTHERS, SPREAD, MAX_PAUSE = 0.4, 4.0, 1.5, 3.0
ACT_EVERY = 20.0
ARRIVING = 0.1  # seconds between the sign-ins of two officers
NAME = "kosh_console"
PAGES = ("inbox", "case", "pane", "whole", "all", "closed", "now", "statistics", "act")

_CLOSED: tuple[LiteralString, ...] = (
    "ALTER TABLE cases DISABLE TRIGGER USER",
    "ALTER TABLE case_messages DISABLE TRIGGER USER",
    # The people of closed cases have no encryption keys. Their ids begin with ffffffff and so sort
    # last, because Kosh checks at its start that it can decrypt the first people.
    "CREATE TEMP TABLE made AS SELECT overlay(gen_random_uuid()::text PLACING 'ffffffff' FROM 1)"
    "::uuid AS id, n FROM generate_series(1, %(n)s) n",
    "INSERT INTO people (id, key, key_version) SELECT id, '', 1 FROM made",
    "INSERT INTO cases (id, person_id, mission, topic, urgent, language, country, state, opened_at,"
    " state_at, answered_at, answer_minutes, rating)"
    " SELECT id, id, %(mission)s, (%(topics)s::text[])[1 + n %% 10], n %% 9 = 0,"
    " (%(languages)s::text[])[1 + n %% 5], (ARRAY['CN', 'UZ', 'MN', ''])[1 + n %% 4], 'resolved',"
    " kosh_now() - n * interval '40 seconds', kosh_now() - n * interval '39 seconds',"
    " kosh_now() - n * interval '39 seconds', n %% 90, (ARRAY['yes', 'partly', NULL])[1 + n %% 3]"
    " FROM made",
    "INSERT INTO case_messages (case_id, person_id, body)"
    " SELECT id, id, '' FROM made, (VALUES (1), (2)) t",
    "ALTER TABLE cases ENABLE TRIGGER USER",
    "ALTER TABLE case_messages ENABLE TRIGGER USER",
)
_UNTOUCHED: tuple[LiteralString, ...] = (
    "TRUNCATE case_actions, case_events, case_viewers, messages",
    "DELETE FROM case_messages WHERE officer IS NOT NULL",
    "UPDATE cases SET state = 'queued', owner = NULL, waiting_since = kosh_now(),"
    " return_due = NULL WHERE state <> 'resolved'",
    "VACUUM ANALYZE",
)


@dataclass(slots=True)
class Figures:
    """Measurements: server time and total time of each console page in ms; received events."""

    server: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    whole: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: int = 0
    events: int = 0
    seconds: float = 0
    cpu: float = 0
    store: float = 0


def measured(folder: Path, closed: int, still_open: int, live: int, seconds: float) -> Figures:
    """Fill the database with cases, then measure for `seconds` s while `live` officers work.

    Cases of an earlier run in `folder` are used again, and its open cases are reset.
    """
    logging.configure("error")
    with (
        embedded.postgres(folder / "postgres") as admin,
        embedded.valkey(folder / "valkey") as redis,
    ):
        databases = embedded.prepare(admin, NAME)
        migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
        chosen = stack_settings(databases, redis, folder)
        with psycopg.connect(databases.owner, autocommit=True) as session:
            missing = range(_counted(session, "state <> 'resolved'"), still_open)
            # Create the people with encryption keys first, since the runtime rejects a database
            # whose first people it cannot decrypt.
            asyncio.run(_open_all(chosen, missing))
            _fill(session, closed)
        return asyncio.run(_measured(chosen, folder, live, seconds))


def _fill(session: psycopg.Connection[Any], closed: int) -> None:
    """Create closed cases until there are `closed`, and give the open cases their initial state."""
    missing = closed - _counted(session, "state = 'resolved'")
    values = {"n": missing, "mission": GENERAL, "topics": list(TOPICS) * 2,
              "languages": list(LANGUAGES)}  # fmt: skip
    for statement in _CLOSED if missing > 0 else ():
        session.execute(statement, values if "%(" in statement else None)
    for statement in _UNTOUCHED:
        session.execute(statement)


def _counted(session: psycopg.Connection[Any], condition: LiteralString) -> int:
    row = session.execute(f"SELECT count(*) FROM cases WHERE {condition}").fetchone()
    return int(row[0]) if row else 0


async def _open_all(chosen: Settings, missing: range) -> None:
    async with runtime(chosen) as rt:
        for number in missing:
            await _open(rt, number)


async def _measured(chosen: Settings, folder: Path, live: int, seconds: float) -> Figures:
    port = free_port()
    async with runtime(chosen) as rt:
        await demo_officers.enter(rt)
        names = await _enter(rt, live)
        async with rt.pool.connection() as session:
            await session.execute("ANALYZE")
        env = environment(chosen, port)
        with process("bot", "web", core=0, log=folder / "web.log", env=env) as web:
            await asyncio.to_thread(listening, web, port, folder / "web.log")
            figures, used_before = Figures(), _used(web.pid, folder)
            await _work(f"http://127.0.0.1:{port}", names, seconds, figures)
            figures.cpu, figures.store = (
                after - before
                for after, before in zip(_used(web.pid, folder), used_before, strict=True)
            )
            return figures


def _used(web: int, folder: Path) -> tuple[float, float]:
    """Return the CPU seconds used so far by the web process and by PostgreSQL and Valkey."""
    return cpu_seconds(web), sum(map(cpu_seconds, stores(folder)))


async def _enter(rt: Runtime, count: int) -> list[str]:
    """Create `count` officers of one mission, every tenth a lead; return their names."""
    async with rt.pool.connection() as session:
        everyone = await directory.everyone(session)
    chief = next(each for each in everyone if Role.ADMINISTRATOR in each.roles)
    existing_names = {each.name for each in everyone}
    names = [f"Officer {number:03} Testov" for number in range(count)]
    for number, name in enumerate(names):
        roles = [Role.OFFICER, Role.LEAD] if number % 10 == 0 else [Role.OFFICER]
        if name not in existing_names:
            await directory.enter(rt, chief, name, GENERAL, roles)
    return names


async def _open(rt: Runtime, number: int) -> None:
    """Create a person with an open case, in the middle of the form, with four messages."""
    language, topics = LANGUAGES[number % 5], list(TOPICS)
    form = Form(answers={"surname": Answer("TESTOVA"), "given_name": Answer("GULNAR")})
    talk = Conversation(
        language=language, flow="preregistration", forms={"preregistration": form},
        with_officer=True, is_persistent=True,
    )  # fmt: skip
    async with rt.pool.connection() as session:
        person = await identities.create(rt, session, "web", f"bench-{number}", f"bench-{number}")
        assert person is not None
        state = person.key.seal(msgspec.json.encode(talk), "conversations", "state", "")
        await session.execute(
            "INSERT INTO conversations (person_id, state, channel, language)"
            " VALUES (%s, %s, 'web', %s)",
            (person.id, state, language),
        )
        case_id = uuid4()
        await session.execute(
            "INSERT INTO cases (id, person_id, mission, topic, urgent, language, state,"
            " waiting_since, answer_due) VALUES (%s, %s, %s, %s, %s, %s, 'queued', kosh_now(),"
            " kosh_now() + make_interval(mins => %s))",
            (case_id, person.id, GENERAL, topics[number % len(topics)], number % 9 == 0, language,
             number % 300),
        )  # fmt: skip
        for _each in range(4):
            await _say(session, person, case_id)


async def _say(session: Any, person: identities.Person, case_id: UUID) -> None:
    body = person.key.seal(WORDS.encode(), "case_words", "body", str(case_id))
    await session.execute(
        "INSERT INTO case_messages (case_id, person_id, body) VALUES (%s, %s, %s)",
        (case_id, person.id, body),
    )


async def _work(url: str, names: list[str], seconds: float, figures: Figures) -> None:
    begin, stop = asyncio.Event(), asyncio.Event()
    tasks = [
        asyncio.create_task(_Desk(url, name, number, figures).work(begin, stop))
        for number, name in enumerate(names)
    ]
    await asyncio.sleep(0)
    begin.set()
    figures.seconds = seconds + len(names) * ARRIVING
    await asyncio.sleep(figures.seconds)
    stop.set()
    for done in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(done, BaseException) and not isinstance(done, asyncio.CancelledError):
            figures.failed += 1


@dataclass(slots=True)
class _Desk:
    """An officer with an open page of the console."""

    url: str
    name: str
    number: int
    figures: Figures
    path: str = "/console/inbox"
    case: str = ""
    due: float = 0.0
    fetched: float = 0.0
    cost: float = 0.0
    part: str = ""

    async def work(self, begin: asyncio.Event, stop: asyncio.Event) -> None:
        await begin.wait()
        await asyncio.sleep(self.number * ARRIVING)
        async with Console.at(self.url) as console:
            await console.sign_in(self.name)
            listening = asyncio.create_task(self._listen(console))
            refreshing = asyncio.create_task(self._refresh(console))
            try:
                while not stop.is_set():
                    await self._act(console)
                    await asyncio.sleep(random.uniform(0.5, 1.5) * ACT_EVERY)
            finally:
                listening.cancel()
                refreshing.cancel()

    async def _timed(self, console: Console, page: str, path: str) -> None:
        start = time.perf_counter()
        screen = await console.get(path)
        self._count(page, screen, time.perf_counter() - start)

    def _count(self, page: str, screen: Any, seconds: float) -> None:
        self.fetched, self.cost = time.monotonic(), seconds
        if screen.status >= 500:
            self.figures.failed += 1
        found = re.search(r"dur=([\d.]+)", screen.headers.get("Server-Timing", ""))
        self.figures.whole[page].append(seconds * 1000)
        if found:
            self.figures.server[page].append(float(found[1]))

    async def _act(self, console: Console) -> None:
        """Fetch a list of cases, claim the next case, read it twice, and reply if possible.

        Officers with an odd number then release the case; all others keep its page open.
        """
        chance = self.number % 5
        looks = {
            0: ("all", "/inbox?queue=all"),
            1: ("closed", "/inbox?queue=resolved"),
        }
        if self.number % 10 == 0:
            looks[0] = random.choice([("now", "/now"), ("statistics", "/statistics")])
        page, path = looks.get(chance, ("inbox", "/inbox"))
        await self._timed(console, page, f"/console{path}")
        screen = await console.get("/console/inbox")
        start = time.perf_counter()
        screen = await console.submit("/next")
        self._count("act", screen, time.perf_counter() - start)
        if "/cases/" not in screen.path:
            return
        self.path, self.case = screen.path, screen.path.rsplit("/", 1)[1]
        for _each in range(2):
            start = time.perf_counter()
            screen = await console.get(self.path)
            self._count("case", screen, time.perf_counter() - start)
            if any(form.action.partition("?")[0].endswith("/reply") for form in screen.forms):
                start = time.perf_counter()
                screen = await console.submit("/reply", words="Testov answers")
                self._count("act", screen, time.perf_counter() - start)
        if self.number % 2:
            await console.get(self.path)
            await console.submit("/release")
            self.path, self.case = "/console/inbox", ""

    async def _listen(self, console: Console) -> None:
        last = ""
        while True:
            headers = {"Last-Event-ID": last} if last else {}
            timeout = aiohttp.ClientTimeout(total=None)
            address = f"{self.url}/console/stream"
            async with console.session.get(address, headers=headers, timeout=timeout) as stream:
                async for raw in stream.content:
                    line = raw.decode()
                    if line.startswith("id: "):
                        last = line[4:].strip()
                    if line.startswith("data: ") and "kind" in line:
                        self.figures.events += 1
                        own = bool(self.case) and self.case in line
                        if own:
                            self.part = "whole"
                            self._schedule(0)
                        elif not self.due:
                            self.part = "pane"
                            self._schedule(OTHERS if self.case else SPREAD * random.random())

    def _schedule(self, wait: float) -> None:
        now = time.monotonic()
        pause = min(self.cost * 4, MAX_PAUSE)
        at = now + max(wait, MIN_PAUSE - (now - self.fetched), pause)
        if not self.due or at < self.due:
            self.due = at

    async def _refresh(self, console: Console) -> None:
        while True:
            await asyncio.sleep(0.05)
            if self.due and time.monotonic() >= self.due:
                self.due = 0.0
                start = time.perf_counter()
                page = (self.part or "case") if self.case else "inbox"
                headers = {"X-Requested-With": "kosh-live", "X-Live-Part": self.part}
                async with console.session.get(self.url + self.path, headers=headers) as answer:
                    await answer.read()
                    self._count(page, answer, time.perf_counter() - start)


def table(figures: Figures) -> str:
    """Return a table with a line for each page: server time, and total time for a local client."""
    head = "page        seen   server ms: median    p95   whole ms: median    p95"
    lines = [head]
    for page in PAGES:
        server, whole = figures.server[page], figures.whole[page]
        if len(whole) > 1 and len(server) > 1:
            s, w = quantiles(server, n=20), quantiles(whole, n=20)
            lines.append(
                f"{page:10} {len(whole):5} {s[9]:19.0f} {s[18]:6.0f} {w[9]:18.0f} {w[18]:6.0f}"
            )
    web, store = figures.cpu / figures.seconds, figures.store / figures.seconds
    lines.append(f"events over the streams: {figures.events}; failed: {figures.failed}; of a core"
                 f" the web process used {web:.0%}, PostgreSQL and Valkey {store:.0%}")  # fmt: skip
    return "\n".join(lines)
