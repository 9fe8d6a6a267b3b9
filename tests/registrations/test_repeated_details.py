"""A registration that repeats the details of another person's registration opens one case.

The details are names, birth year and citizenship. Different details and a person's own amendments
open no case.
"""

import asyncio
from typing import Any

import pytest

from bot.runtime import Runtime
from tests.person_client import AFTER_CONSENT, TO_CONSENT, Guest


async def _all(rt: Runtime, statement: Any) -> list[Any]:
    async with rt.pool.connection() as session:
        return list(await (await session.execute(statement)).fetchall())


async def _register(guest: Guest, **answers: str) -> None:
    """Register with the answers of AFTER_CONSENT; `answers` maps answers to their replacements."""
    await guest.consent()
    await guest.go(*(answers.get(each, each) for each in AFTER_CONSENT), "submit")


async def _topics(rt: Runtime) -> list[str]:
    return [topic for (topic,) in await _all(rt, "SELECT topic FROM cases")]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"TESTOVA": "testova"},
        {"GULNAR": "Gülnar"},
    ],
    ids=["alike", "small-letters", "accent"],
)
@pytest.mark.row(68)
async def test_registration_with_the_details_of_another_person_opens_one_case(
    rt: Runtime, answers: dict[str, str]
) -> None:
    one, other = Guest(rt), Guest(rt)
    await _register(one)
    assert await _topics(rt) == []
    await _register(other, **answers)
    assert await _topics(rt) == ["same_details"]
    ((index,),) = await _all(
        rt,
        "SELECT h.blind_index FROM cases c JOIN handles h USING (person_id)",
    )
    assert index == rt.vault.index("web", other.name), "the case is the later person's"
    ((mission, country),) = await _all(rt, "SELECT mission, country FROM cases")
    assert country == "CN" and mission


@pytest.mark.parametrize("changed", [("1990", "1991"), ("TESTOVA", "TESTOVAA")], ids=str)
async def test_registration_with_different_details_opens_no_case(
    rt: Runtime, changed: tuple[str, str]
) -> None:
    before, after = changed
    await _register(Guest(rt))
    await _register(Guest(rt), **{before: after})
    assert await _topics(rt) == []


async def test_registration_amended_with_the_same_details_opens_no_case(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    await guest.go("/status", "amend", *TO_CONSENT[2:], "yes", *AFTER_CONSENT, "submit")
    assert await _topics(rt) == []
    assert len(await _all(rt, "SELECT 1 FROM registration_details")) == 1


async def test_concurrent_registrations_with_equal_details_open_one_case(rt: Runtime) -> None:
    guests = [Guest(rt), Guest(rt)]
    for guest in guests:
        await guest.consent()
        await guest.go(*AFTER_CONSENT)
    await asyncio.gather(*(guest.go("submit") for guest in guests))
    assert await _topics(rt) == ["same_details"]


async def test_details_of_withdrawn_or_erased_registrations_open_no_case(rt: Runtime) -> None:
    one, other = Guest(rt), Guest(rt)
    await one.register()
    await one.go("/delete", "yes")
    assert await _all(rt, "SELECT 1 FROM registration_details") == []
    await other.register()
    await other.go("/status", "withdraw", "yes")
    assert await _all(rt, "SELECT 1 FROM registration_details") == []
    await Guest(rt).register()
    assert await _topics(rt) == []


async def test_registration_details_are_stored_only_as_a_keyed_hash(rt: Runtime) -> None:
    await Guest(rt).register()
    ((hashed,),) = await _all(rt, "SELECT details_hash FROM registration_details")
    assert bytes(hashed) == rt.vault.index("details", "testova\0gulnar\x001990\0cn")
