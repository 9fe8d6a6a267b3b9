"""Register invented families through the bot, and compare planning figures with true counts.

`python -m tests.benchmarks.population --people 20000 --households 7000` runs the whole application:
people register over the web channel, the worker writes to the sandbox over HTTP, and the sandbox's
faults are on. Then every figure is compared with a count of the invented people, and attacks try
to learn a hidden count.
"""

import argparse
import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import psycopg

from bot.editorial import referrers
from bot.editorial.referrers import Created
from bot.observability import logging
from bot.officers import directory
from bot.registry.sandbox import planning
from flows.engine.referral_screens import MIN_SHOWN
from tests.app_stack import AppStack
from tests.benchmarks import attacks, families
from tests.benchmarks.attacks import Known, Published
from tests.benchmarks.families import Family, Registrant
from tests.benchmarks.family_registrations import FAULTS, FamilyRegistrations

REFERRERS = 12
ERASED = 0.05
LEAD = "Marat Testov"
_TRIED_AGAIN = "SELECT count(*) FROM registry_writes WHERE attempts > 1"
_REMEMBERED = "SELECT count(*) FROM handles WHERE channel = 'web'"


@dataclass
class Day:
    """All planning figures of one day, the published number of people, and the true number."""

    tables: Published
    people: int | None
    true: int


@dataclass
class Findings:
    """The counts of one comparison of the planning figures with the invented families.

    `wrong` describes each planning figure that differs from the true count, `learned` each small
    count that was published as hidden but could be computed from the others.
    """

    people: int
    households: int
    registrants: int
    erased: int
    turns: int = 0
    seconds: float = 0.0
    tried_again: int = 0
    cells: int = 0
    hidden: int = 0
    wrong: list[str] = field(default_factory=list)
    learned: list[str] = field(default_factory=list)

    def hold(self, name: str, found: object, true: object) -> None:
        """Record a planning figure or another count if it differs from the true count."""
        if found != true:
            self.wrong.append(f"{name}: {found} instead of {true}")

    def __str__(self) -> str:
        return (
            f"{self.people} people in {self.households} households, {self.registrants} registrants,"
            f" {self.erased} erased: {self.turns} turns of the form in {self.seconds:.0f} s,"
            f" {self.tried_again} writes sent or looked up again; {self.cells} cells compared,"
            f" {len(self.wrong)} figures wrong; {self.hidden} counts hidden,"
            f" {len(self.learned)} learned"
        )


async def measured(
    stack: AppStack,
    people: int,
    households: int,
    seed: int,
    say: Callable[[str], None] = lambda line: None,
) -> Findings:
    """Register the families, compare all planning figures with true counts, and try the attacks."""
    chance = random.Random(seed)
    invented = families.invented(households, people, REFERRERS, chance)
    registrants = [each for family in invented for each in family.registrants]
    leaving = chance.sample(registrants, max(1, int(len(registrants) * ERASED)))
    for each in leaving:
        each.erased = True
    findings = Findings(people, households, len(registrants), len(leaving))
    registrations = FamilyRegistrations(stack, invented, await _invitations(stack), say=say)
    for switch in FAULTS:
        await stack.fault(**switch)
    start = time.perf_counter()
    await registrations.register_all()
    findings.seconds, findings.turns = time.perf_counter() - start, registrations.turns
    findings.tried_again = await _value(stack, _TRIED_AGAIN)
    await _calm(stack)
    await _compare(stack, invented, findings)
    await _count_once(stack, registrants, findings)
    await _compare_referrers(stack, registrations.invitations, registrants, findings)
    await _attack(stack, registrations, findings)
    return findings


async def _invitations(stack: AppStack) -> list[Created]:
    async with stack.rt.pool.connection() as session:
        lead = next(each for each in await directory.everyone(session) if each.name == LEAD)
    return [
        await referrers.add(stack.rt, lead, f"Testov association {at}") for at in range(REFERRERS)
    ]


async def _value(stack: AppStack, query: str) -> Any:
    async with stack.rt.pool.connection() as session:
        row = await (await session.execute(query)).fetchone()
    return row[0] if row else None


async def _calm(stack: AppStack) -> None:
    async with stack.http.delete(f"{stack.sandbox}/_faults") as answer:
        assert answer.status == 200


async def _compare(stack: AppStack, invented: list[Family], findings: Findings) -> None:
    """Compare each planning figure, before small counts are hidden, with a count of the people."""
    async with await psycopg.AsyncConnection.connect(stack.sandbox_database) as connection:
        found = await planning.count_people(connection)
    for names, true in families.counted(invented).items():
        for place in true.keys() | found[names].keys():
            findings.cells += 1
            known = found[names].get(place, (0, 0))
            findings.hold(f"{names} {place}", known, true.get(place, (0, 0)))


async def _count_once(stack: AppStack, registrants: list[Registrant], findings: Findings) -> None:
    """Check that the registry has each person once, and no data of those who erased their data."""
    entries = await stack.entries()
    stored = Counter(each["body"]["surname"] for each in entries if each["body"])
    not_erased = [each.surname for each in registrants if not each.erased]
    findings.hold("surnames", stored, Counter(not_erased))
    findings.hold("entries", len(entries), len(registrants))
    emptied = [each for each in entries if each["state"] == "WITHDRAWN" and each["body"] is None]
    findings.hold("emptied entries", len(emptied), findings.erased)
    creations = Counter(
        sum(write["operation"] == "Create" for write in each["writes"]) for each in entries
    )
    findings.hold("creations of an entry", creations, Counter({1: len(entries)}))
    remembered = await _value(stack, _REMEMBERED)
    findings.hold("people in Kosh", remembered, len(not_erased))


async def _compare_referrers(
    stack: AppStack, invitations: list[Created], registrants: list[Registrant], findings: Findings
) -> None:
    """Check that each referring organisation reads its own count, rounded down to fives."""
    await stack.ahead("1 day")
    await referrers.release(stack.rt)
    agreed = Counter(each.referrer for each in registrants if each.agrees)
    for at, invitation in enumerate(invitations):
        view = await referrers.view(stack.rt, invitation.token)
        assert view is not None
        findings.hold(f"referrer {at}", view.registered or 0, agreed[at] - agreed[at] % MIN_SHOWN)


async def _attack(stack: AppStack, registrations: FamilyRegistrations, findings: Findings) -> None:
    """Try to learn hidden counts from the sums of one day, and from a comparison of two days.

    Between the two days one person registers, or erases the registration.
    """
    day = await _day(stack)
    known = Known.of(day.people, day.tables)
    findings.hidden = len(known.hidden)
    findings.learned += [f"by sums: {each}" for each in known.determined().items()]
    findings.learned += [f"by least counts: {each}" for each in known.forced().items()]
    alone = Registrant("TESTOVZ", 1990, "it", "housing", None, agrees=False)
    family = Family("ru", "IR", "astana", "year", couple=False, children=(), registrants=[alone])
    for act, change in (
        (registrations.register(family, alone), 1),
        (registrations.erase(alone), -1),
    ):
        await act
        await registrations.settle()
        later = await _day(stack)
        findings.hold("people of the next day", later.true, day.true + change)
        found = attacks.differences(day.tables, later.tables)
        findings.learned += [f"by two days: {each}" for each in found.items()]
        if later.people != day.people:
            findings.learned.append(f"by two days: {later.people} in all")
        day = later


async def _day(stack: AppStack) -> Day:
    """Advance the registry by one day; return all planning figures that it then publishes."""
    async with await psycopg.AsyncConnection.connect(stack.sandbox_database) as connection:
        await connection.execute(
            "UPDATE registry_sandbox.planning_releases SET at = at - interval '1 day'"
        )
        true = (await planning.count_people(connection))["age", ""]["*", "*"][0]
    headers = {"Authorization": f"Bearer {await _token(stack)}", "Acting-Officer": "planner-1"}
    tables: Published = {}
    people = None
    for by in attacks.queries():
        params = [("by", each) for each in by]
        url = f"{stack.sandbox}/v1/planning"
        async with stack.http.get(url, params=params, headers=headers) as answer:
            found = await answer.json()
        tables[by] = {tuple(cell["values"]): cell["people"] for cell in found["cells"]}
        people = found["people"]
    return Day(tables, people, true)


async def _token(stack: AppStack) -> str:
    secret = stack.rt.settings.registry_client_secret
    assert secret is not None
    async with stack.http.post(
        f"{stack.sandbox}/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": aiohttp.encode_basic_auth("kosh", secret.get_secret_value())},
    ) as answer:
        return str((await answer.json())["access_token"])


async def _run(people: int, households: int, seed: int) -> Findings:
    # Imported here, since console_pictures requires packages that the rest of this module does not.
    from tests.browser.console_pictures import stack

    logging.configure("error")
    async with stack("kosh_population") as place:
        return await measured(place, people, households, seed, _say)


def _say(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", flush=True)


def main() -> None:
    """Parse the arguments, register and compare, and print the findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.population")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--households", type=int, default=7_000)
    parser.add_argument("--seed", type=int, default=27)
    arguments = parser.parse_args()
    loads = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"load average before: {loads}")
    findings = asyncio.run(_run(arguments.people, arguments.households, arguments.seed))
    print(findings)
    print("\n".join((*findings.wrong, *findings.learned)))


if __name__ == "__main__":
    main()
