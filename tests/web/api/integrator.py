"""An external system that calls Kosh's API with a token, over real HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from bot.officers import api_tokens
from bot.officers.directory import Officer
from bot.officers.permissions import Role, Scope
from bot.runtime import Runtime
from bot.web import api
from bot.web.app import create_app
from tests.app_stack import serving
from tests.subscribers import create_officer

type Answer = tuple[int, dict[str, Any]]


@dataclass
class Integrator:
    """An external system; `owner` is its account at Kosh, and the client `http` sends its token."""

    rt: Runtime
    url: str
    owner: Officer
    token: str
    http: aiohttp.ClientSession

    async def post(self, path: str, what: Any = None, *, key: str = "", **headers: str) -> Answer:
        headers |= {"idempotency-key": key} if key else {}
        async with self.http.post(api.ROOT + path, json=what, headers=headers) as answer:
            return await _read(answer)

    async def get(self, path: str) -> Answer:
        async with self.http.get(api.ROOT + path) as answer:
            return await _read(answer)


async def _read(answer: aiohttp.ClientResponse) -> Answer:
    raw = await answer.read()
    return answer.status, json.loads(raw) if raw else {}


async def new_token(rt: Runtime, owner: Officer, *scopes: Scope, **more: Any) -> str:
    async with rt.pool.connection() as session:
        return await api_tokens.create(rt, session, owner, scopes, **more)


@asynccontextmanager
async def integrator(
    rt: Runtime, *scopes: Scope, roles: tuple[Role, ...] = (Role.INTEGRATOR,), **more: Any
) -> AsyncIterator[Integrator]:
    """Serve the application; yield an external system with a new account and a token.

    The token has these scopes.
    `roles` are the account's roles; `more` are further arguments of `api_tokens.create`.
    """
    owner = await create_officer(rt, *roles)
    token = await new_token(rt, owner, *scopes, **more)

    @asynccontextmanager
    async def lent() -> AsyncIterator[Runtime]:
        yield replace(rt)

    headers = {"authorization": f"Bearer {token}"}
    async with (
        serving(create_app(lent())) as url,
        aiohttp.ClientSession(url, headers=headers) as http,
    ):
        yield Integrator(rt, url, owner, token, http)
