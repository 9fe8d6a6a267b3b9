"""The ministry's own systems announce too: over HTTP, by the same rules, and agreed to by people.

A system is an officer with a key; it can write and send what others agreed to, never agree itself.
`python -m bot.web.broadcast_api > docs/broadcast-openapi.json` renews the published document.
"""

import hmac
import json
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import broadcasts
from bot.broadcasts import Broadcast, Refusal
from bot.broadcasts.draft_files import DraftFile
from bot.observability import logging
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Forbidden, Subject
from bot.runtime import Runtime
from bot.security import audit_log
from bot.web.request_parsing import Refused, body

ROOT = "/api/broadcasts"
MAX_BODY_BYTES = 256 * 1024
KEY = re.compile(r"[A-Za-z0-9_-]{8,80}", re.ASCII)

_logger = logging.get()

type Answer = Callable[[Request, Runtime, Officer], Awaitable[Response]]


def guarded(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Only for who has a key; what is refused is told as a problem with its reason."""

    async def route(request: Request) -> Response:
        rt: Runtime = request.app.state.rt
        who = await _who(request, rt)
        try:
            return await answer(request, rt, who)
        except Forbidden as error:
            await _note_denied(rt, who, f"{request.method} {error.why}")
            return _problem(403, error.code, error.why)
        except broadcasts.Refused as error:
            status = 422 if error.why is Refusal.FORM else 409
            return _problem(status, error.code, error.why, error.detail)
        except (LookupError, ValueError):
            return _problem(404, "E_BROADCAST", "unknown")

    return route


async def _who(request: Request, rt: Runtime) -> Officer:
    given = request.headers.get("authorization", "")
    mark = sha256(given.removeprefix("Bearer ").encode("utf-8", "replace")).hexdigest()
    name = ""
    for each in rt.settings.broadcast_keys:
        owner, _, known = each.rpartition(":")
        if hmac.compare_digest(known.encode(), mark.encode()):
            name = owner
    if not given.startswith("Bearer ") or not name:
        _logger.warning("ministry.auth_failed")
        raise Refused(401)
    async with rt.pool.connection() as session:
        try:
            return await directory.by_name(session, name)
        except LookupError:
            _logger.warning("ministry.auth_failed")
            raise Refused(401) from None


async def _note_denied(rt: Runtime, who: Officer, detail: str) -> None:
    async with rt.pool.connection() as session:
        await audit_log.append(
            session, actor=str(who.id), action="denied", subject="broadcast", detail=detail
        )


def _problem(status: int, code: str, why: str, detail: str = "") -> Response:
    told = {"type": "about:blank", "title": code, "status": status, "why": why, "detail": detail}
    return JSONResponse(told, status, media_type="application/problem+json")


async def write(request: Request, rt: Runtime, who: Officer) -> Response:
    """Write a broadcast down; the same Idempotency-Key gives the same one again."""
    key = request.headers.get("idempotency-key", "")
    if not KEY.fullmatch(key):
        return _problem(400, "E_BROADCAST", "key")
    raw = await body(request, MAX_BODY_BYTES, "application/json")
    what = broadcasts.from_json(raw)
    permissions.require(who, Action.BROADCAST_DRAFT, Subject(""))
    made = await broadcasts.draft_once(rt, who, what, key, sha256(raw).digest())
    return JSONResponse(_told(made), 201)


async def count(request: Request, rt: Runtime, who: Officer) -> Response:
    """How many it would go to, and who would be left out."""
    what = broadcasts.from_json(await body(request, MAX_BODY_BYTES, "application/json"))
    found = await broadcasts.count(rt, who, what)
    included = [
        {"language": language, "channel": channel, "count": many}
        for (language, channel), many in found.included.items()
    ]
    return JSONResponse({"included": included, "excluded": dict(found.excluded)})


async def look(request: Request, rt: Runtime, who: Officer) -> Response:
    """How far it is, and what stands against it."""
    broadcast_id = UUID(request.path_params["id"])
    now = await broadcasts.progress(rt, who, broadcast_id)
    against = await broadcasts.blockers(rt, who, broadcast_id)
    told = _told(now.broadcast) | {
        "fates": dict(now.fates),
        "rate": round(now.rate, 2),
        "blockers": [{"why": each.why, "detail": each.detail} for each in against],
    }
    return JSONResponse(told)


VERBS: dict[str, Callable[[Runtime, Officer, UUID], Awaitable[Broadcast]]] = {
    "ask": broadcasts.ask_approval,
    "start": broadcasts.start,
    "pause": broadcasts.pause,
    "resume": broadcasts.resume,
    "cancel": broadcasts.cancel,
}


async def act(request: Request, rt: Runtime, who: Officer) -> Response:
    """Ask for approval, start, pause, resume, cancel; a state that does not fit is refused."""
    verb = VERBS[request.path_params["verb"]]
    return JSONResponse(_told(await verb(rt, who, UUID(request.path_params["id"]))))


def _told(found: Broadcast) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "number": found.number,
        "state": found.state,
        "reason": found.reason,
        "total": found.total,
    }


ROUTES = [
    Route(ROOT, guarded(write), methods=["POST"]),
    Route(f"{ROOT}/count", guarded(count), methods=["POST"]),
    Route(f"{ROOT}/{{id}}", guarded(look), methods=["GET"]),
    Route(f"{ROOT}/{{id}}/{{verb}}", guarded(act), methods=["POST"]),
]


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document, made from the types that are read."""
    (paper,), parts = msgspec.json.schema_components(
        [DraftFile], ref_template="#/components/schemas/{name}"
    )
    content = {"application/json": {"schema": paper}}
    wrong = {
        str(status): {"description": told}
        for status, told in (
            (401, "no key"), (403, "no right to it"), (404, "unknown"),
            (409, "refused; `why` and `detail` say what stands against it"), (422, "unreadable"),
        )
    }  # fmt: skip
    key = {"name": "Idempotency-Key", "in": "header", "required": True,
           "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"}}  # fmt: skip
    one = {"name": "id", "in": "path", "required": True,
           "schema": {"type": "string", "format": "uuid"}}  # fmt: skip
    verb = {"name": "verb", "in": "path", "required": True,
            "schema": {"enum": list(VERBS)}}  # fmt: skip

    def operation(answer: Answer, status: int, *parameters: Any, reads: bool) -> dict[str, Any]:
        told: dict[str, Any] = {
            "summary": (answer.__doc__ or "").strip(),
            "parameters": list(parameters),
            "responses": {str(status): {"description": "done"}} | wrong,
        }
        return told | ({"requestBody": {"required": True, "content": content}} if reads else {})

    return {
        "openapi": "3.1.0",
        "info": {"title": "Kosh: announcements", "version": "1"},
        "security": [{"key": []}],
        "paths": {
            ROOT: {"post": operation(write, 201, key, reads=True)},
            f"{ROOT}/count": {"post": operation(count, 200, reads=True)},
            f"{ROOT}/{{id}}": {"get": operation(look, 200, one, reads=False)},
            f"{ROOT}/{{id}}/{{verb}}": {"post": operation(act, 200, one, verb, reads=False)},
        },
        "components": {
            "schemas": parts,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


if __name__ == "__main__":
    print(json.dumps(document(), indent=2, default=str))  # noqa: T201
