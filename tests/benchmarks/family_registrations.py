"""Let invented families use the bot: register, link their registrations, and erase their data."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.conversations import receive
from bot.editorial.referrers import Created
from flows.engine.events import Event, Pressed, Said, Started
from tests.app_stack import AppStack
from tests.benchmarks.families import Family, Registrant
from tests.person_client import Guest, deliver_until_accepted

FAULTS = (
    {"name": "drop_after_commit", "on": "writes", "probability": 0.03},
    {"name": "error_after_commit", "on": "writes", "probability": 0.03},
    {"name": "wrong_schema", "on": "writes", "probability": 0.01},
    {"name": "wrong_number", "on": "writes", "probability": 0.01},
    {"name": "double", "on": "writes", "probability": 0.05},
    {"name": "down", "probability": 0.02},
    {"name": "busy", "probability": 0.02, "seconds": 2},
    {"name": "html_error", "probability": 0.01},
    {"name": "expired_token", "probability": 0.01},
    {"name": "slow", "probability": 0.01, "seconds": 0.2},
)
SETTLE_SECONDS = 600
PROGRESS_TURNS = 10_000
_OPEN_WRITES = (
    "SELECT count(*) FROM registry_writes WHERE state IN ('pending', 'sending', 'unknown')"
)
_UNDECIDED = "SELECT count(*) FROM registrations WHERE state NOT IN ('accepted', 'withdrawn')"


class RetryingGuest(Guest):
    """A person whose updates are sent again until Kosh accepts them."""

    async def do(self, event: Event, external_id: str = "") -> None:
        """Deliver an update to Kosh, then deliver Kosh's answer to the person."""
        update = self.inbound(event, external_id)
        await receive.deliver(self.rt, await deliver_until_accepted(self.rt, update))


@dataclass
class FamilyRegistrations:
    """All families, each registrant's chat, and the buttons' nonces that were seen so far.

    A nonce is the number of a question in the payload of its buttons.
    """

    stack: AppStack
    families: Sequence[Family]
    invitations: list[Created]
    at_once: int = 16
    guests: dict[str, RetryingGuest] = field(default_factory=dict)
    # Key: everything that decides which questions a person gets. Value: the nonce of each answer's
    # button, or "" if the answer was typed. People with the same key get the same nonces.
    nonces_by_branch: dict[tuple[object, ...], list[str]] = field(default_factory=dict)
    turns: int = 0
    # Called with each line that reports how far the registrations are.
    say: Callable[[str], None] = lambda line: None

    async def register_all(self) -> None:
        """Register everyone, link couples who both registered, and let some erase their data."""
        heads = [(family, family.registrants[0]) for family in self.families]
        spouses = [(each, each.registrants[1]) for each in self.families if each.registrants[1:]]
        for phase in (heads, spouses):
            await self._together(self.register(*each) for each in phase)
            self.say(f"{len(phase)} people sent their registration, {self.turns} turns")
            await self.settle()
            self.say("each is in the registry")
        couples = [family for family, _spouse in spouses]
        await self._together(self._invite(family) for family in couples)
        await self.settle()
        await self._together(self._join(family) for family in couples)
        await self.settle()
        self.say(f"{len(couples)} families are linked")
        leaving = [each for family in self.families for each in family.registrants if each.erased]
        await self._together(self.erase(each) for each in leaving)
        await self.settle()

    async def register(self, family: Family, person: Registrant) -> None:
        """Register a person: from the first message, or from an invitation, to the submission."""
        guest = self.guests[person.surname] = RetryingGuest(self.stack.rt)
        invited = person.referrer is not None
        code = self.invitations[person.referrer].code if person.referrer is not None else ""
        await guest.do(Started(code))
        agreed = (("yes" if person.agrees else "no"),) if invited else ()
        answers = (family.language, *agreed, *_answers(family, person))
        await self._walk(guest, (invited, person.agrees, *_shape(family, person)), answers)

    async def erase(self, person: Registrant) -> None:
        """Delete everything about the person, in Kosh and at the registry."""
        await self.guests[person.surname].go("/delete", "yes")

    async def settle(self) -> None:
        """Wait until the registry has each write; advance database time, so retries are due."""
        assert self.stack.rt.registry is not None
        async with asyncio.timeout(SETTLE_SECONDS):
            while await self._count(_OPEN_WRITES) or await self._count(_UNDECIDED):
                self.stack.rt.registry._breaker._until = 0.0
                await self.stack.ahead("1 minute")
                await asyncio.sleep(0.3)

    async def _count(self, query: str) -> Any:
        async with self.stack.rt.pool.connection() as session:
            row = await (await session.execute(query)).fetchone()
        return row[0] if row else None

    async def _walk(self, guest: Guest, branch: tuple[object, ...], answers: Sequence[str]) -> None:
        """Answer each question; record the buttons' nonces for the next people with this `branch`.

        `branch` is everything that decides which questions a person gets.
        """
        known = self.nonces_by_branch.get(branch)
        nonces = known or [""] * len(answers)
        for at, answer in enumerate(answers):
            if known is None:
                nonces[at] = await _nonce(guest, answer)
            event = Pressed(f"{nonces[at]}:{answer}") if nonces[at] else Said(answer)
            await guest.do(event)
            self.turns += 1
            if self.turns % PROGRESS_TURNS == 0:
                self.say(f"{self.turns} turns")
        self.nonces_by_branch[branch] = nonces

    async def _invite(self, family: Family) -> None:
        await self.guests[family.registrants[0].surname].go("/status", "household", "invite", "yes")

    async def _join(self, family: Family) -> None:
        first, second = (self.guests[each.surname] for each in family.registrants)
        conversation = await first.conversation()
        assert conversation is not None
        assert conversation.registration is not None
        assert conversation.registration.household is not None
        code = conversation.registration.household.code
        await second.go("/status", "household", "enter", code, "yes")

    async def _together(self, acts: Iterable[Awaitable[None]]) -> None:
        gate = asyncio.Semaphore(self.at_once)

        async def one(act: Awaitable[None]) -> None:
            async with gate:
                await act

        async with asyncio.TaskGroup() as group:
            for act in acts:
                group.create_task(one(act))


async def _nonce(guest: Guest, answer: str) -> str:
    """Return the open question's nonce if a button of the question gives this answer, else ""."""
    conversation = await guest.conversation()
    question = conversation.asked if conversation else None
    if question is None or answer not in {"-", *(option.key for option in question.options)}:
        return ""
    return str(question.nonce)


def _shape(family: Family, person: Registrant) -> tuple[object, ...]:
    """Return the person's data that decide how many turns their registration takes."""
    return family.couple, len(family.children), person.trade is None


def _answers(family: Family, person: Registrant) -> tuple[str, ...]:
    together = family.couple or bool(family.children)
    members = ("add", "spouse", "adult", "yes") if family.couple else ()
    for band in family.children:
        members = (*members, "add", "child", band)
    answered = ("-", "-", "-", "-", person.trade, "-", person.support or "-")
    details = ("yes", *answered) if person.trade else ("no",)
    return (
        *("preregistration", "family" if together else "self", "yes", "move", family.country),
        *("origin", "long", "no", "yes", "none", "seen", "yes", "yes"),
        *(person.surname, "GULNAR", str(person.birth_year), family.country),
        *(family.region, family.timeframe, *members, *(("done",) if together else ())),
        *("self", "no", *details, "submit"),
    )
