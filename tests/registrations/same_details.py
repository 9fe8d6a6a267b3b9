"""People who register with the same details, and the data that they can request."""

from bot import cases
from bot.db.statements import database_time
from bot.people import identities
from bot.privacy import data_export
from bot.runtime import Runtime
from tests.desk.desks import case_of
from tests.person_client import AFTER_CONSENT, Guest


async def register(guest: Guest, **answers: str) -> None:
    """Register with the answers of AFTER_CONSENT; `answers` maps answers to their replacements."""
    await guest.consent()
    await guest.go(*(answers.get(each, each) for each in AFTER_CONSENT), "submit")


async def hidden_case(rt: Runtime) -> tuple[Guest, cases.Case]:
    """Register two people with the same details; return the later one, and their case."""
    await register(Guest(rt))
    guest = Guest(rt)
    await register(guest)
    return guest, await case_of(guest)


async def exported_data(guest: Guest) -> str:
    """Return the stored data that the person can request."""
    rt, conversation = guest.rt, await guest.conversation()
    assert conversation is not None
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
        assert person is not None
        at = await database_time(session)
        row = await data_export.export(rt, session, person, conversation, at)
    assert row.message is not None
    return "\n".join(row.message.paragraphs)
