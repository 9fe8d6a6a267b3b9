"""Checks of requests to the contract's resources: token, key, media type, size and body."""

import asyncio
import base64
import binascii
import json
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import Depends, Header, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.routing import APIRoute
from fastapi.security import HTTPBasic, OAuth2
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from starlette.responses import Response

from bot.registry.contract import Key
from bot.registry.sandbox.errors import Objection
from bot.registry.sandbox.faults import ActiveFaults
from bot.registry.sandbox.state import here
from bot.registry.scopes import SCOPES, scope_of

MAX_BODY_BYTES = 64 * 1024


class JsonRules:
    """Validates a body by pydantic's rules for JSON, where a date is a string.

    FastAPI validates the parsed body as Python values, where strict models reject a string as a
    date.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def read(value: Any) -> Any:
            return source.model_validate_json(json.dumps(value))

        python = core_schema.no_info_plain_validator_function(read)
        return core_schema.json_or_python_schema(handler(source), python)


class ReadRequest(Request):
    """A request whose body was read already, within the size limit."""

    def __init__(self, request: Request, raw: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._raw = raw

    async def body(self) -> bytes:
        """Return the request's body, which `ResourceRoute` has read within the size limit."""
        return self._raw


class ResourceRoute(APIRoute):
    """A route that checks token, media type and size before FastAPI reads the body."""

    def get_route_handler(self) -> Any:
        """Return a handler that checks token, media type and size, then calls FastAPI's handler."""
        handler = super().get_route_handler()

        async def checked(request: Request) -> Response:
            _require_token(request)
            if self.body_field is not None:
                request = ReadRequest(request, await _json(request))
            return await handler(request)

        return checked


class ClientLogin(HTTPBasic):
    """Reads the client's id and secret from HTTP Basic; both are empty if they are missing."""

    async def __call__(self, request: Request) -> tuple[str, str]:  # type: ignore[override]
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        client_id, _, client_secret = pair.partition(":")
        if scheme.lower() != "basic":
            return "", ""
        return unquote_plus(client_id), unquote_plus(client_secret)


CLIENT = OAuth2(
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl="/oauth/token", scopes=dict.fromkeys(SCOPES, "")
        )
    ),
    scheme_name="client",
    auto_error=False,
)


async def _single_key(
    request: Request, key: Annotated[Key, Header(alias="Idempotency-Key")]
) -> str:
    if len(request.headers.getlist("Idempotency-Key")) != 1:
        raise Objection("bad-key")
    return key


WriteKey = Annotated[str, Depends(_single_key)]


async def wait_if_slow(request: Request) -> None:
    """If the fault `slow` hits this request, wait for the seconds that are set for the fault."""
    if fault := active_faults(request).get("slow"):
        await asyncio.sleep(fault.seconds)


def active_faults(request: Request) -> ActiveFaults:
    """Return the faults that `FaultMiddleware` chose to inject into this request."""
    faults: ActiveFaults = request.state.faults
    return faults


def _require_token(request: Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if "expired_token" in active_faults(request):
        here(request).forget_token(token)
    scopes = here(request).scopes_of(token, request.state.thumbprint)
    if scheme.lower() != "bearer" or scopes is None:
        raise Objection("unauthorized")
    if scope_of(request.method, request.url.path) not in scopes:
        raise Objection("forbidden")


async def _json(request: Request) -> bytes:
    """Return the body of a JSON request.

    Raises `Objection` if the media type is not JSON or the body is too large.
    """
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Objection("unsupported-media-type")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Objection("too-large")
    return bytes(body)
