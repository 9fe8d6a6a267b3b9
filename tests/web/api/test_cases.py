"""An external system creates a link over the API, with which a person may open a case.

A case is the person's request to officers.
The system learns nothing about the person before the person consents in a chat.
"""

from typing import get_args

from bot.i18n import Languages
from bot.officers.permissions import Scope
from bot.privacy import erasure
from bot.runtime import Runtime
from bot.web.api.cases import Language
from flows import lifetimes
from tests.desk.desks import insert_officer
from tests.person_client import Guest
from tests.web.api.integrator import Integrator, integrator

LANGUAGES = Languages().languages()
WRITE = Scope.CASES_WRITE
CASE = {"topic": "spouse", "language": "ru", "country": "TR"}
KEY = "portal-000001"


async def _state(system: Integrator, case_id: str) -> str:
    status, found = await system.get(f"/cases/{case_id}")
    assert status == 200
    assert set(found) == {"id", "state", "topic", "expires_at"}
    return str(found["state"])


async def test_cases_api_opens_the_case_only_after_the_persons_consent(rt: Runtime) -> None:
    await insert_officer(rt, "Officer Test", "tr_ankara")
    async with integrator(rt, WRITE) as system:
        status, created = await system.post("/cases", CASE, key=KEY)
        assert (status, created["state"]) == (201, "invited")
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT count(*) FROM people")
            assert await cursor.fetchone() == (0,)
        guest = Guest(rt)
        await guest.go(created["links"]["words"])
        assert await _state(system, created["id"]) == "invited"
        await guest.go("yes", "Testova asks")
        assert await _state(system, created["id"]) == "open"
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT mission, topic, language, country FROM cases")
            assert await cursor.fetchall() == [("tr_ankara", "spouse", "ru", "TR")]
        await guest.go("/menu", "yes")
        assert await _state(system, created["id"]) == "closed"


async def test_cases_api_link_can_be_used_by_only_one_person(rt: Runtime) -> None:
    async with integrator(rt, WRITE) as system:
        _status, created = await system.post("/cases", CASE, key=KEY)
        attached = []
        for name in ("first", "second"):
            await Guest(rt, name).go(created["links"]["words"], "yes", "Testova asks")
            async with rt.pool.connection() as session:
                cursor = await session.execute("SELECT case_id FROM case_invitations")
                attached.append(await cursor.fetchall())
        assert attached[0] == attached[1] != [(None,)]
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT count(*) FROM cases")
            assert await cursor.fetchone() == (1,), "a used link opens nothing"


async def test_cases_api_link_expires_after_its_lifetime(rt: Runtime) -> None:
    async with integrator(rt, WRITE) as system:
        _status, created = await system.post("/cases", CASE, key=KEY)
        async with rt.pool.connection() as session:
            await session.execute(
                "UPDATE test_clock SET ahead = ahead + %s * interval '1 day'",
                (lifetimes.INVITATION_DAYS + 1,),
            )
        assert await _state(system, created["id"]) == "expired"
        await Guest(rt).go(created["links"]["words"])
        assert await _state(system, created["id"]) == "expired"


async def test_cases_api_links_reveal_neither_topic_nor_language(rt: Runtime) -> None:
    async with integrator(rt, WRITE) as system:
        danger = CASE | {"topic": "danger", "language": "kk_Arab"}
        _status, created = await system.post("/cases", danger, key=KEY)
        links = str(created["links"])
        assert not any(each in links for each in ("danger", "kk", "Arab", "officer"))
        guest = Guest(rt)
        await guest.go(created["links"]["words"], "yes", "Testova asks")
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT topic, language, urgent FROM cases")
            assert await cursor.fetchall() == [("danger", "kk_Arab", True)]


async def test_cases_api_request_is_idempotent_by_its_key(rt: Runtime) -> None:
    async with integrator(rt, WRITE) as system, integrator(rt, WRITE) as other:
        created = await system.post("/cases", CASE, key=KEY)
        assert await system.post("/cases", CASE, key=KEY) == created
        status, body = await system.post("/cases", CASE | {"topic": "passport"}, key=KEY)
        assert (status, body["reason"]) == (409, "key")
        _status, another = await other.post("/cases", CASE, key=KEY)
        assert another["id"] != created[1]["id"]
        assert (await other.get(f"/cases/{created[1]['id']}"))[0] == 404
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT i::text FROM case_invitations i")
            stored = str(await cursor.fetchall())
    assert KEY not in stored
    assert created[1]["links"]["words"].rpartition("-")[2] not in stored


async def test_cases_api_reports_a_case_of_an_erased_person_as_closed(rt: Runtime) -> None:
    async with integrator(rt, WRITE) as system:
        _status, created = await system.post("/cases", CASE, key=KEY)
        guest = Guest(rt)
        await guest.go(created["links"]["words"], "yes", "Testova asks")
        await guest.go("/delete", "yes")
        await erasure.append_journal(rt)
        assert await _state(system, created["id"]) == "closed"


def test_cases_api_accepts_the_languages_of_the_chat() -> None:
    assert get_args(Language.__value__) == tuple(sorted(code for code, _name in LANGUAGES))


async def test_cases_api_rejects_fields_with_personal_data(rt: Runtime) -> None:
    async with integrator(rt, WRITE) as system:
        for more in ({"name": "TESTOVA"}, {"words": "She asks"}, {"country": "Turkey"}):
            status, body = await system.post("/cases", CASE | more, key=KEY)
            assert status == 422
            assert "TESTOVA" not in str(body)
