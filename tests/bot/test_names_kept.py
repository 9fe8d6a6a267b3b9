"""Names in five scripts through conversation, vault, database and registry, and back (issue 4)."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot import registrations
from bot.registry.contract import PreRegistration
from bot.runtime import Runtime
from flows.engine.events import Pressed, Said
from flows.engine.flow import Submit, path
from flows.preregistration import PREREGISTRATION
from tests.house import House
from tests.names import SCRIPTS, Pair, names
from tests.people import AFTER_CONSENT, Guest

MANY = 200_000
LONGEST = 100
CONSENT = {
    "text_sha256": "0" * 64,
    "language": "ru",
    "given_at": datetime(2026, 11, 24, tzinfo=UTC),
}
# What stands before the two names that may be of any script, and after them.
BEFORE, AFTER = AFTER_CONSENT[:3], AFTER_CONSENT[5:]


def _batches(script: str, many: int) -> Iterator[Pair]:
    """Names behind one another, as many as a field takes: a turn for each would take hours."""
    typed, kept = "", ""
    for more, kept_more in names(script, many, seed=11):
        if len(typed) + 1 + len(more) > LONGEST:
            yield typed, kept
            typed, kept = more, kept_more
        else:
            typed, kept = f"{typed} {more}".strip(), f"{kept} {kept_more}".strip()
    yield typed, kept


async def _kept(guest: Guest) -> tuple[str | None, str]:
    """The name out of the database and out of what would be sent, and the button that goes back."""
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    flow = PREREGISTRATION
    told = dict(path(flow, conversation.forms[flow.name]).answers)
    whole = {"birth_year": "1990", "residence_country": "CN", "contact": "self"}
    body = registrations.payload(Submit(flow.name, {**told, **whole}, {}), "ru", CONSENT)
    sent = PreRegistration.model_validate_json(body.model_dump_json())
    assert sent.name_kk == told["name_kk"]
    return sent.name_kk, f"{conversation.asked.nonce}:<"


async def _pass_through(rt: Runtime, script: str, many: int) -> None:
    """Have one person give one name after another to the same question."""
    guest = Guest(rt)
    await guest.consent()
    await guest.go(*BEFORE, "-")
    for typed, kept in _batches(script, many):
        await guest.do(Said(typed))
        name, back = await _kept(guest)
        assert name == kept, ascii(typed)
        await guest.do(Pressed(back))


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.row(43)
async def test_some_names_come_out_of_the_database_as_they_went_in(
    rt: Runtime, script: str
) -> None:
    await _pass_through(rt, script, 200)


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
async def test_all_names_come_out_of_the_database_as_they_went_in(rt: Runtime, script: str) -> None:
    await _pass_through(rt, script, MANY // len(SCRIPTS))


async def test_names_reach_the_registry_as_they_went_in(house: House) -> None:
    """Over HTTP, into the database of another, and out of it."""
    wanted = set()
    for script in SCRIPTS:
        (one, one_kept), (other, other_kept) = list(_batches(script, 40))[:2]
        guest = Guest(house.rt)
        await guest.consent()
        await guest.go(*BEFORE, one, other, *AFTER, "submit")
        wanted.add((one_kept, other_kept))

    async def arrived() -> bool:
        return len(await house.entries()) == len(SCRIPTS)

    await house.until(arrived)
    bodies = [entry["body"] for entry in await house.entries()]
    assert {(body["patronymic"], body["name_kk"]) for body in bodies} == wanted
