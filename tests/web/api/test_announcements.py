"""External systems order announcements over the API; officers must approve them.

A repeated order creates no second announcement.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot import broadcasts
from bot.officers.permissions import Role, Scope
from bot.runtime import Runtime
from bot.web.api import requests
from tests.subscribers import TEXTS, TOPIC, create_officers, create_subscribers, mark_tested
from tests.web.api.integrator import Integrator, integrator

BOTH_SCOPES = (Scope.ANNOUNCEMENTS_WRITE, Scope.ANNOUNCEMENTS_SEND)
ROOT = "/announcements"
PAPER: dict[str, Any] = {
    "purpose": "news",
    "topic": TOPIC,
    "texts": {language: words.body for language, words in TEXTS.items()},
}


@asynccontextmanager
async def _editor_system(rt: Runtime, *scopes: Scope) -> AsyncIterator[Integrator]:
    roles = (Role.EDITOR, Role.LEAD)
    async with integrator(rt, *(scopes or BOTH_SCOPES), roles=roles) as system:
        yield system


async def test_announcement_is_created_once_per_key_and_starts_after_approval(
    rt: Runtime,
) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 3)
    async with _editor_system(rt) as system:
        status, created = await system.post(ROOT, PAPER, key="order-000001")
        assert (status, created["state"]) == (201, "draft")
        assert await system.post(ROOT, PAPER, key="order-000001") == (status, created)
        other = PAPER | {"why": "something else"}
        assert (await system.post(ROOT, other, key="order-000001"))[0] == 409
        status, problem = await system.post(f"{ROOT}/{created['id']}/ask")
        assert (status, problem["reason"]) == (409, "untested")
        found = (await broadcasts.listing(rt, officers.editor))[0]
        await mark_tested(rt, found)
        assert (await system.post(f"{ROOT}/{created['id']}/ask"))[1]["state"] == "awaiting"
        status, problem = await system.post(f"{ROOT}/{created['id']}/start")
        assert (status, problem["reason"]) == (409, "approvals")
        await broadcasts.approve(rt, officers.approver, found.id, found.draft.content_hash)
        assert (await system.post(f"{ROOT}/{created['id']}/start"))[1]["state"] == "running"
        assert (await system.post(f"{ROOT}/{created['id']}/pause"))[1]["state"] == "paused"
        assert (await system.get(f"{ROOT}/{created['id']}"))[1]["state"] == "paused"
    assert len(await broadcasts.listing(rt, officers.editor)) == 1


@pytest.mark.requirement("S-57")
async def test_announcements_api_refuses_a_disabled_account(rt: Runtime) -> None:
    officers = await create_officers(rt)
    async with _editor_system(rt) as system:
        _status, created = await system.post(ROOT, PAPER, key="order-000001")
        async with rt.pool.connection() as session:
            await session.execute("UPDATE officers SET active = false WHERE name LIKE 'Officer %'")
            await session.execute(
                "UPDATE officers SET active = true WHERE name = %s", (officers.editor.name,)
            )
        for path in ("", f"/{created['id']}/ask", f"/{created['id']}/cancel"):
            assert (await system.post(ROOT + path, PAPER, key="order-000002"))[0] == 401
    assert [each.state for each in await broadcasts.listing(rt, officers.editor)] == ["draft"]


@pytest.mark.requirement("S-53", "S-64")
async def test_announcements_api_refuses_and_audits_unauthorized_requests(rt: Runtime) -> None:
    async with _editor_system(rt) as system:
        async with rt.pool.connection() as session:
            await session.execute("UPDATE officers SET roles = '{lead}'")
        status, body = await system.post(ROOT, PAPER, key="order-000001")
        assert (status, body["reason"]) == (403, "role")
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT action, subject, detail FROM audit_entries WHERE action <> 'token.created'"
        )
        assert await cursor.fetchall() == [("denied", "api", "POST role")]


@pytest.mark.parametrize(
    ("spoilt", "field"),
    [({"topic": 1}, "topic"), ({"more-input": 1}, ""), ({"purpose": "party"}, "purpose")],
)
async def test_announcements_api_refuses_an_invalid_body(
    rt: Runtime, spoilt: dict[str, Any], field: str
) -> None:
    async with _editor_system(rt) as system:
        status, body = await system.post(ROOT, PAPER | spoilt, key="order-000001")
        assert (status, body["field"]) == (422, field)
        assert "party" not in str(body)
        assert (await system.post(ROOT, PAPER))[0] == 400


async def test_announcements_api_counts_an_audience_without_storing(rt: Runtime) -> None:
    await create_subscribers(rt, 2, languages=("ru",))
    async with _editor_system(rt) as system:
        status, body = await system.post("/announcement-counts", PAPER)
    assert status == 200
    assert body["included"] == [{"language": "ru", "channel": "telegram", "count": 2}]


@pytest.mark.requirement("S-13")
async def test_api_checks_the_token_before_reading_the_body(rt: Runtime) -> None:
    large = b"[" * (requests.MAX_BODY_BYTES + 1)
    async with _editor_system(rt) as system:
        for token, status in (("another", 401), (system.token, 413)):
            headers = {
                "content-type": "application/json",
                "idempotency-key": "order-000001",
                "authorization": f"Bearer {token}",
            }
            async with system.http.post(
                "/api/v1/announcements", data=large, headers=headers
            ) as answer:
                assert answer.status == status


async def test_announcements_api_refuses_to_send_without_the_send_scope(rt: Runtime) -> None:
    async with _editor_system(rt, Scope.ANNOUNCEMENTS_WRITE) as system:
        _status, created = await system.post(ROOT, PAPER, key="order-000001")
        status, body = await system.post(f"{ROOT}/{created['id']}/cancel")
        assert (status, body["reason"], body["field"]) == (403, "scope", "announcements:send")
        assert (await system.get(f"{ROOT}/{created['id']}"))[1]["state"] == "draft"


async def test_announcements_api_answers_404_for_an_unknown_id_or_action(rt: Runtime) -> None:
    async with _editor_system(rt) as system:
        unknown = "00000000-0000-0000-0000-000000000000"
        for path in (f"/{unknown}/start", "/not-an-id/start", f"/{unknown}/party"):
            assert (await system.post(ROOT + path))[0] == 404, path


async def test_announcements_api_names_the_field_that_it_does_not_accept(rt: Runtime) -> None:
    async with _editor_system(rt) as system:
        paper = PAPER | {"texts": {"kk_Arab": "Testova"}}
        status, body = await system.post(ROOT, paper, key="order-000001")
    assert (status, body["reason"], body["field"]) == (422, "form", "texts")


@pytest.mark.parametrize("path", [ROOT, "/announcement-counts"])
async def test_announcements_api_refuses_quiet_hours_with_a_time_zone(
    rt: Runtime, path: str
) -> None:
    """Check the refusal: the hours are those of each recipient, so a zone would be dropped."""
    async with _editor_system(rt) as system:
        paper = PAPER | {"quiet": ["16:00:00Z", "03:00:00Z"]}
        status, body = await system.post(path, paper, key="order-000001")
    assert (status, body.get("reason"), body.get("field")) == (422, "form", "quiet")


@pytest.mark.parametrize("unstorable", ["a\ud800", "a\0"], ids=["surrogate", "nul"])
@pytest.mark.parametrize("path", [ROOT, "/announcement-counts"])
async def test_announcements_api_refuses_text_that_cannot_be_stored(
    rt: Runtime, path: str, unstorable: str
) -> None:
    spoilt: list[tuple[str, Any]] = [
        ("why", unstorable),
        ("texts", PAPER["texts"] | {"ru": unstorable}),
        ("texts", PAPER["texts"] | {unstorable: "Testova"}),
        ("audience", {"countries": [unstorable]}),
    ]
    async with _editor_system(rt) as system:
        for field, value in spoilt:
            status, body = await system.post(path, PAPER | {field: value}, key="order-000001")
            assert (status, body["field"]) == (422, field)
