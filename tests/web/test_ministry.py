"""The ministry's own system announces: with a key, once for each order, approved by officers."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import aiohttp
import pytest

from bot import broadcasts
from bot.officers.permissions import Role
from bot.runtime import Runtime
from bot.web import broadcast_api
from bot.web.app import create_app
from tests.app_stack import serving
from tests.crowd import TEXTS, TOPIC, crew, crowd, entered, looked_at

SECRET = "a-key-that-is-plainly-invented-for-tests"
PAPER: dict[str, Any] = {
    "purpose": "news",
    "topic": TOPIC,
    "texts": {language: words.body for language, words in TEXTS.items()},
}


@dataclass
class System:
    """A client of the ministry's system."""

    rt: Runtime
    http: aiohttp.ClientSession

    async def post(self, path: str, what: Any = None, key: str = "") -> tuple[int, dict[str, Any]]:
        headers = {"idempotency-key": key} if key else {}
        async with self.http.post(f"/api/broadcasts{path}", json=what, headers=headers) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw else {}


@asynccontextmanager
async def _opened(rt: Runtime, secret: str = SECRET) -> AsyncIterator[System]:
    system = await entered(rt, Role.EDITOR, Role.LEAD)
    keys = (f"{system.name}:{sha256(SECRET.encode()).hexdigest()}",)
    chosen = rt.settings.model_copy(update={"broadcast_keys": keys})

    @asynccontextmanager
    async def lent() -> AsyncIterator[Runtime]:
        yield replace(rt, settings=chosen)

    headers = {"authorization": f"Bearer {secret}"}
    async with (
        serving(create_app(lent())) as url,
        aiohttp.ClientSession(url, headers=headers) as http,
    ):
        yield System(rt, http)


async def test_broadcast_api_drafts_once_and_sends_after_approval(rt: Runtime) -> None:
    who = await crew(rt)
    await crowd(rt, 3)
    async with _opened(rt) as system:
        status, made = await system.post("", PAPER, key="order-000001")
        assert (status, made["state"]) == (201, "draft")
        assert await system.post("", PAPER, key="order-000001") == (status, made)
        other = PAPER | {"why": "something else"}
        assert (await system.post("", other, key="order-000001"))[0] == 409
        status, refused = await system.post(f"/{made['id']}/ask")
        assert (status, refused["why"]) == (409, "untested")
        found = (await broadcasts.listing(rt, who.editor))[0]
        await looked_at(rt, found)
        assert (await system.post(f"/{made['id']}/ask"))[1]["state"] == "awaiting"
        status, refused = await system.post(f"/{made['id']}/start")
        assert (status, refused["why"]) == (409, "approvals")
        await broadcasts.approve(rt, who.approver, found.id, found.draft.content_hash)
        assert (await system.post(f"/{made['id']}/start"))[1]["state"] == "running"
        assert (await system.post(f"/{made['id']}/pause"))[1]["state"] == "paused"
        async with system.http.get(f"/api/broadcasts/{made['id']}") as answer:
            assert (await answer.json())["state"] == "paused"
    assert len(await broadcasts.listing(rt, who.editor)) == 1


async def test_broadcast_api_answers_401_without_the_key(rt: Runtime) -> None:
    async with _opened(rt, "another") as system:
        assert await system.post("", PAPER, key="order-000001") == (401, {})


@pytest.mark.requirement("S-57")
async def test_broadcast_api_refuses_the_key_of_a_disabled_client(rt: Runtime) -> None:
    who = await crew(rt)
    async with _opened(rt) as system:
        _status, made = await system.post("", PAPER, key="order-000001")
        async with rt.pool.connection() as session:
            await session.execute("UPDATE officers SET active = false WHERE name LIKE 'Officer %'")
            await session.execute(
                "UPDATE officers SET active = true WHERE name = %s", (who.editor.name,)
            )
        for path in ("", "/count", f"/{made['id']}/ask", f"/{made['id']}/cancel"):
            assert await system.post(path, PAPER, key="order-000002") == (401, {})
    assert [each.state for each in await broadcasts.listing(rt, who.editor)] == ["draft"]


@pytest.mark.requirement("S-53", "S-64")
async def test_broadcast_api_refuses_and_audits_unauthorized_requests(rt: Runtime) -> None:
    async with _opened(rt) as system:
        async with rt.pool.connection() as session:
            await session.execute("UPDATE officers SET roles = '{lead}'")
        status, told = await system.post("", PAPER, key="order-000001")
        assert (status, told["why"]) == (403, "role")
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT action, subject, detail FROM audit_entries")
        assert await cursor.fetchall() == [("denied", "broadcast", "POST role")]


@pytest.mark.parametrize("spoilt", [{"topic": 1}, {"more": 1}, {"purpose": "party"}])
async def test_broadcast_api_refuses_an_invalid_body(rt: Runtime, spoilt: dict[str, Any]) -> None:
    async with _opened(rt) as system:
        status, told = await system.post("", PAPER | spoilt, key="order-000001")
        assert (status, told["why"]) == (422, "form")
        assert (await system.post("", PAPER))[0] == 400


async def test_broadcast_api_counts_without_storing(rt: Runtime) -> None:
    await crowd(rt, 2, languages=("ru",))
    async with _opened(rt) as system:
        status, told = await system.post("/count", PAPER)
    assert status == 200
    assert told["included"] == [{"language": "ru", "channel": "telegram", "count": 2}]


@pytest.mark.requirement("S-13")
async def test_broadcast_api_checks_the_key_before_reading_the_body(rt: Runtime) -> None:
    headers = {"content-type": "application/json", "idempotency-key": "order-000001"}
    large = b"[" * (broadcast_api.MAX_BODY_BYTES + 1)
    for secret, status in (("another", 401), (SECRET, 413)):
        async with (
            _opened(rt, secret) as system,
            system.http.post("/api/broadcasts", data=large, headers=headers) as answer,
        ):
            assert answer.status == status


async def test_unknown_id_or_verb_is_a_problem(rt: Runtime) -> None:
    async with _opened(rt) as system:
        unknown = "00000000-0000-0000-0000-000000000000"
        for path in (f"/{unknown}/start", "/not-an-id/start", f"/{unknown}/party"):
            assert (await system.post(path))[0] == 404, path
