"""Route class of the API: checks token, rate limit and body size before FastAPI parses."""

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import broadcasts
from bot.budgets import spending
from bot.config.sources import ConfigError
from bot.db.connection import Transaction
from bot.observability import logging
from bot.officers import api_tokens, permissions
from bot.officers.api_tokens import ApiToken
from bot.officers.directory import Officer
from bot.officers.permissions import SCOPES, Action, Forbidden, Scope, Subject
from bot.runtime import Runtime
from bot.security import audit_log
from bot.web.api.problems import Refusal, named, problem
from bot.web.errors import RETRY_SECONDS
from bot.web.middleware import UNAVAILABLE_ERRORS
from bot.web.request_parsing import Handler, ReadRequest, Refused, body

MAX_BODY_BYTES = 256 * 1024
KEY_PATTERN = r"^[A-Za-z0-9_-]{8,80}$"
# Characters that PostgreSQL cannot store: NUL, and half of a surrogate pair.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")

_logger = logging.get()

Bearer = HTTPBearer(
    scheme_name="token", auto_error=False, description="A token of `./kosh tokens create`."
)
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", pattern=KEY_PATTERN)]


class RequestBody(BaseModel):
    """Base class of request bodies and their parts.

    An unknown field is an error. Validation errors do not contain the client's input.
    """

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    @field_validator("*")
    @classmethod
    def _refuse_unstorable_text(cls, value: Any) -> Any:
        if any(map(UNSTORABLE.search, _texts(value))):
            raise ValueError
        return value


def _texts(value: object) -> Iterator[str]:
    """Yield the texts in a value of a field, also those in its lists and objects."""
    match value:
        case str():
            yield value
        case dict():
            yield from _texts((*value, *value.values()))
        case list() | tuple():
            for each in value:
                yield from _texts(each)


class ApiRoute(APIRoute):
    """Route that checks token, rate limit and body size before FastAPI reads the body.

    Errors become RFC 9457 responses. FastAPI reads the body before it runs dependencies, so a
    dependency could not make these checks in time.
    """

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler, which runs only for requests that pass the checks."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            rt: Runtime = request.app.state.rt
            try:
                token = request.state.token = await _authenticate(request, rt)
                if wait := await spending.draw_request(rt, str(token.id), token.minute_limit):
                    raise Refusal("too-many-requests", wait=wait)
                if self.body_field is not None:
                    raw = await body(request, MAX_BODY_BYTES, "application/json")
                    request = ReadRequest(request, raw)
                return await handler(request)
            except (*UNAVAILABLE_ERRORS, ConfigError):
                return problem("unavailable", headers={"Retry-After": str(RETRY_SECONDS)})
            except Forbidden as error:
                await _note_denied(rt, token.owner, f"{request.method} {error.why}")
                return problem("forbidden", error.why)
            except _REFUSALS as error:
                return _refusal(error)

        return guarded


_REFUSALS = (
    *(Refusal, Refused, broadcasts.Refused, RequestValidationError, HTTPException, LookupError),
)


def _refusal(error: Exception) -> Response:
    match error:
        case Refusal():
            return problem(error.name, error.reason, error.field, _headers(error))
        case Refused():
            return problem(named(error.status))
        case broadcasts.Refused(why=broadcasts.Refusal.FORM):
            return problem("invalid", error.why, error.detail)
        case broadcasts.Refused():
            return problem("refused", error.why, error.detail)
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            # FastAPI raises HTTPException if the body is not valid JSON.
            return problem("invalid")
        case _:
            return problem("not-found")


def _headers(error: Refusal) -> dict[str, str] | None:
    match error.name:
        case "unauthorized":
            return {"WWW-Authenticate": "Bearer"}
        case "too-many-requests":
            return {"Retry-After": str(max(1, round(error.wait + 0.5)))}
        case _:
            return None


def _invalid(error: RequestValidationError) -> Response:
    """Return an error response for an invalid request, without the client's values.

    The error is `bad-key` for the Idempotency-Key, `not-found` for an id in the path, and `invalid`
    with the field's name for the body.
    """
    found = error.errors()[0]
    place = [str(each) for each in found["loc"]]
    match place:
        case ["header", *_]:
            return problem("bad-key")
        case ["path", *_]:
            return problem("not-found")
    if found["type"] == "extra_forbidden":
        # The name of an unknown field is the client's input, which a response must not repeat. So
        # the error names the field's parent instead.
        place = place[:-1]
    return problem("invalid", str(found["type"]), ".".join(place[1:2]))


async def _authenticate(request: Request, rt: Runtime) -> ApiToken:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = None
    if scheme.lower() == "bearer":
        async with rt.pool.connection() as transaction:
            found = await api_tokens.recognise(rt, transaction, token)
    if found is None:
        _logger.warning("api.auth_failed")
        raise Refusal("unauthorized")
    return found


async def _note_denied(rt: Runtime, officer: Officer, detail: str) -> None:
    async with rt.pool.connection() as transaction:
        await audit_log.append(
            transaction, actor=str(officer.id), action="denied", subject="api", detail=detail
        )


async def note(
    transaction: Transaction, system: Officer, action: Action, subject: str, outcome: str = ""
) -> None:
    """Append an action of another system to the audit log.

    `outcome` is added to the entry's detail.
    """
    detail = f"api: {outcome}" if outcome else "api"
    await audit_log.append(
        transaction, actor=str(system.id), action=action.value, subject=subject, detail=detail
    )


async def _authorized_officer(
    request: Request,
    scopes: SecurityScopes,
    _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(Bearer)],
) -> Officer:
    """Return the account of the request's token.

    Raises Refusal if the token lacks one of the scopes, and Forbidden if the account's roles do not
    allow what a scope permits.
    """
    token: ApiToken = request.state.token
    for each in scopes.scopes:
        if each not in token.scopes:
            rt: Runtime = request.app.state.rt
            await _note_denied(rt, token.owner, f"{request.method} scope {each}")
            raise Refusal("forbidden", "scope", each)
        permissions.require(token.owner, SCOPES[Scope(each)], Subject(token.owner.mission))
    return token.owner


def needs(scope: Scope) -> Callable[..., object]:
    """Return a FastAPI dependency that requires a token with `scope` and returns its account."""
    found: Callable[..., object] = Security(_authorized_officer, scopes=[scope.value])
    return found


def api_router(resource: str) -> APIRouter:
    """Return a router for a resource; each OpenAPI operation id is the name of its function."""
    return APIRouter(
        prefix=f"/{resource}",
        route_class=ApiRoute,
        tags=[resource],
        generate_unique_id_function=lambda route: route.name,
    )
