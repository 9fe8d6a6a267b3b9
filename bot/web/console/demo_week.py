"""Create an invented week for the demo: people, their cases, an announcement, statistics.

The production code creates all rows. Before each action, the database's clock is set back to the
time at which the action is supposed to have happened.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Literal

from bot import broadcasts, cases, desk
from bot.broadcasts import Draft, Purpose, Words
from bot.cases import Case
from bot.channels import Inbound, webchat
from bot.channels.webchat import WebChat
from bot.conversations import receive
from bot.desk import form_funnel
from bot.officers import directory
from bot.officers.directory import Officer
from bot.people import identities, subscriptions
from bot.runtime import Runtime
from bot.web.console.demo_week_texts import ANNOUNCEMENT, ANSWERS, DUE, FORMS, PEOPLE, TOPIC, Visit
from flows.engine.events import Event, Pressed, Said

# Number of the first question of a new conversation, which is the choice of a language.
FIRST = "1"
LEAD, HELPER, APPROVER = "Marat Testov", "Aigul Testova", "Timur Testov"
TO_CONSENT = ("preregistration", "self", "yes", "move", "CN", "origin", "long", "no", "yes", "none",
              "seen", "yes", "yes")  # fmt: skip
# Raw SQL, because SQLAlchemy has no expression for CREATE FUNCTION, and PostgreSQL accepts no query
# parameters in it.
_CLOCK = SQL(
    "CREATE OR REPLACE FUNCTION kosh_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
    " RETURN clock_timestamp(){}"
)
type Owner = psycopg.AsyncConnection[Any]
type DemoAction = Callable[[], Awaitable[None]]


async def fill(rt: Runtime) -> None:
    """Execute the actions of the invented people and officers, in chronological order.

    Afterwards, count the steps of the registration form for the statistics.
    """
    owner = rt.settings.database("owner")
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as clock:
        try:
            async with rt.pool.connection() as session:
                officers = {each.name: each for each in await directory.everyone(session)}
            for ago, action in sorted(_moments(rt, officers), key=lambda each: -each[0]):
                await _set_back(clock, timedelta(hours=ago))
                await action()
        finally:
            await _set_back(clock, timedelta())
    await form_funnel.count_steps(rt)


async def reset_clock(rt: Runtime) -> None:
    """Set the database's clock to the present.

    A demo that was killed while it created the week may have left the clock set back.
    """
    owner = rt.settings.database("owner")
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as clock:
        await _set_back(clock, timedelta())


async def _set_back(clock: Owner, ago: timedelta) -> None:
    back = SQL(" - {}::interval").format(Literal(ago)) if ago else SQL("")
    await clock.execute(_CLOCK.format(back))


def _moments(rt: Runtime, officers: dict[str, Officer]) -> list[tuple[float, DemoAction]]:
    """Return the actions of the demo's week, each with the number of hours since it happened."""
    found: list[tuple[float, DemoAction]] = [(DUE, partial(_announce, rt, officers))]
    for number, visit in enumerate(PEOPLE):
        officer = officers[(LEAD, HELPER)[number % 2]]
        guest = Guest(rt, visit, officer, ANSWERS[number % 2 if visit.closed else 0])
        found.append((visit.hours_ago, guest.come))
        if visit.answered:
            found.append((visit.hours_ago - visit.answered / 60, guest.be_answered))
        if visit.closed:
            found.append((visit.hours_ago - visit.closed / 60, guest.be_closed))
    found += [
        (each.hours_ago, Guest(rt, each, officers[LEAD], ANSWERS[0]).begin_form) for each in FORMS
    ]
    return found


@dataclass
class Guest:
    """An invented person who uses the web chat."""

    rt: Runtime
    visit: Visit
    officer: Officer
    canned: str
    name: str = field(default_factory=lambda: uuid4().hex)

    async def come(self) -> None:
        """As the person: choose a language, ask for an officer, and subscribe to announcements."""
        visit = self.visit
        await self._press(visit.language)
        await self._do(Said("/person"))
        for each in (visit.topic, "yes"):
            await self._press(each)
        await self._do(Said(visit.words))
        async with self.rt.pool.connection() as session:
            person = await identities.find(self.rt, session, WebChat.name, self.name)
            assert person is not None
            await subscriptions.put(self.rt, session, person.id, (TOPIC,), {}, discreet=False)

    async def begin_form(self) -> None:
        """As the person: begin a registration, type the answers `visit.typed`, and stop there."""
        for each in (self.visit.language, *TO_CONSENT):
            await self._press(each)
        for each in self.visit.typed:
            await self._do(Said(each))

    async def be_answered(self) -> None:
        """As the officer: claim the invented person's case and reply to it."""
        case = await self._case()
        claimed_case = await desk.claim(
            self.rt, self.officer, case.id, case.version, key=uuid4().hex
        )
        await desk.reply(
            self.rt,
            self.officer,
            case.id,
            claimed_case.version,
            key=uuid4().hex,
            canned=self.canned,
        )

    async def be_closed(self) -> None:
        """As the officer: close the case. Then as the person: rate the answer."""
        case = await self._case()
        await desk.resolve(
            self.rt, self.officer, case.id, case.version, key=uuid4().hex, where="menu"
        )
        if self.visit.rating:
            await self._do(Pressed(f"*{self.visit.rating}"))

    async def _case(self) -> Case:
        async with self.rt.pool.connection() as session:
            person = await identities.find(self.rt, session, WebChat.name, self.name)
            found = await cases.open_of(session, person.id) if person else None
        assert found is not None
        return found

    async def _press(self, key: str) -> None:
        await self._do(Pressed(f"{await self._nonce()}:{key}"))

    async def _nonce(self) -> str:
        """Return the number of the open question, taken from the payloads of its buttons.

        Return FIRST if the chat has no buttons of a question yet.
        """
        notes = await webchat.waiting(self.rt.valkey, self.rt.vault, self.name, "")
        pressed = (each.payload for _id, note in notes if note.say for each in note.say.buttons)
        numbers = [each.partition(":")[0] for each in pressed if each[:1].isdigit()]
        return numbers[-1] if numbers else FIRST

    async def _do(self, event: Event) -> None:
        await receive.deliver(self.rt, await receive.receive(self.rt, self._inbound(event)))

    def _inbound(self, event: Event) -> Inbound:
        number = uuid4().hex
        return Inbound(WebChat.name, number, self.name, self.name, event, number)


async def _announce(rt: Runtime, officers: dict[str, Officer]) -> None:
    """Write, test, approve and start the demo's announcement; the worker then sends it."""
    lead, approver = officers[LEAD], officers[APPROVER]
    texts = {code: Words(body) for code, body in ANNOUNCEMENT.items()}
    draft = Draft(Purpose.NEWS, TOPIC, texts, quiet=None)
    found = await broadcasts.draft(rt, lead, draft)
    for language in ANNOUNCEMENT:
        await broadcasts.test_send(rt, lead, found.id, language)
    await broadcasts.ask_approval(rt, lead, found.id)
    await broadcasts.approve(rt, approver, found.id, found.draft.content_hash)
    await broadcasts.start(rt, lead, found.id)
