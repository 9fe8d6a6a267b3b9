"""Serve the contract's resources as the sandbox keeps them."""

import asyncio
import base64
import binascii
import json
from hashlib import sha256
from typing import Annotated, Any, get_args
from urllib.parse import unquote_plus

from fastapi import APIRouter, Depends, Form, Header, Query, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.routing import APIRoute
from fastapi.security import HTTPBasic, OAuth2
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from starlette.responses import JSONResponse, Response

from bot.registry.callback_signature import HEADER
from bot.registry.contract import (
    Acknowledgement,
    ConsentWithdrawal,
    FieldError,
    Found,
    Key,
    Number,
    PreRegistration,
    Reference,
    ReferenceKind,
    Sha256,
    StatusCallback,
    Token,
)
from bot.registry.documents import (
    MAX_DOCUMENT_BYTES,
    Document,
    DocumentKind,
    DocumentLabel,
    Documents,
    DocumentType,
    Pages,
)
from bot.registry.sandbox import documents, store
from bot.registry.sandbox.errors import Objection, parse
from bot.registry.sandbox.faults import Drawn
from bot.registry.sandbox.openapi import LOCATION, problems
from bot.registry.sandbox.reference import REFERENCES
from bot.registry.sandbox.state import TOKEN_SECONDS, here

MAX_BODY_BYTES = 64 * 1024

_FILE_TYPES: tuple[str, ...] = get_args(DocumentType.__value__)


class JsonRules:
    """Validate a body by pydantic's rules for JSON, under which a date is a string.

    FastAPI hands over parsed values; the strict models of the contract would refuse their strings.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def read(value: Any) -> Any:
            return source.model_validate_json(json.dumps(value))

        python = core_schema.no_info_plain_validator_function(read)
        return core_schema.json_or_python_schema(handler(source), python)


class ReadRequest(Request):
    """A request whose body was read within its limit before FastAPI asks for it."""

    def __init__(self, request: Request, raw: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._raw = raw

    async def body(self) -> bytes:
        """Return the body that was read."""
        return self._raw


class ResourceRoute(APIRoute):
    """Check token, media type and size before FastAPI reads the body."""

    def get_route_handler(self) -> Any:
        """Return FastAPI's handler behind the checks."""
        handler = super().get_route_handler()

        async def checked(request: Request) -> Response:
            _require_token(request)
            if self.body_field is not None:
                request = ReadRequest(request, await _json(request))
            return await handler(request)

        return checked


class ClientLogin(HTTPBasic):
    """Read the client's id and secret from HTTP Basic; empty if there are none."""

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


_client = OAuth2(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth/token")),
    scheme_name="client",
    auto_error=False,
)
open_routes = APIRouter()
routes = APIRouter(prefix="/v1", route_class=ResourceRoute, dependencies=[Depends(_client)])
webhooks = APIRouter()


async def _single_key(
    request: Request, key: Annotated[Key, Header(alias="Idempotency-Key")]
) -> str:
    if len(request.headers.getlist("Idempotency-Key")) != 1:
        raise Objection("bad-key")
    return key


WriteKey = Annotated[str, Depends(_single_key)]


@webhooks.post(
    "statusChanged",
    operation_id="statusChanged",
    status_code=204,
    response_description="Kept.",
    openapi_extra={"security": []},
)
async def status_changed(
    body: StatusCallback,
    signature: Annotated[
        str,
        Header(
            alias=HEADER,
            description='t=<unix time>,v1=<hex HMAC-SHA-256 of "<t>.<raw body>">',
        ),
    ],
) -> None:
    """The registry changed a state; sent again, in any order, until answered 2xx."""


@open_routes.post(
    "/oauth/token",
    operation_id="token",
    response_model=Token,
    max_body_size=MAX_BODY_BYTES,
    responses={
        400: {"description": "The request is not as RFC 6749, 4.4.2 says."},
        401: {"description": "The client is unknown or its secret is wrong."},
    },
)
async def token(
    request: Request,
    login: Annotated[tuple[str, str], Depends(ClientLogin(scheme_name="login"))],
    grant_type: Annotated[str, Form(json_schema_extra={"const": "client_credentials"})] = "",
) -> Response:
    """Issue an access token (RFC 6749, 4.4); the client signs in by HTTP Basic."""
    await _wait_if_slow(request)
    if grant_type != "client_credentials":
        return JSONResponse({"error": "unsupported_grant_type"}, 400)
    if not here(request).knows_client(*login):
        return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
    issued = {
        "access_token": here(request).issue_token(),
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
    }
    return JSONResponse(issued, headers={"Cache-Control": "no-store"})


@routes.post(
    "/pre-registrations",
    operation_id="create",
    status_code=201,
    responses=problems(write=True, body=True) | {201: {"headers": LOCATION}},
)
async def create(
    request: Request,
    response: Response,
    key: WriteKey,
    body: Annotated[PreRegistration, JsonRules()],
) -> Acknowledgement:
    """Register a person; the same key and body return the same answer and add nothing."""
    made = await _write(request, key, store.Create(body))
    response.headers["Location"] = f"/v1/pre-registrations/{made.number}"
    return made


@routes.get("/pre-registrations", operation_id="find", responses=problems("invalid", "in-progress"))
async def find(request: Request, idempotency_key: Annotated[Key, Query()]) -> Found:
    """Find the registration that a write with this key made or changed, as it is now."""
    if len(request.query_params.getlist("idempotency_key")) != 1:
        raise Objection("invalid", (FieldError(pointer="/idempotency_key", code="PATTERN"),))
    await _wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        found = await store.find(connection, idempotency_key)
        if found and "wrong_number" in _drawn(request):
            found = await store.somebody_else(connection, found)
    return Found(items=(found,) if found else ())


@routes.get("/pre-registrations/{number}", operation_id="read", responses=problems("not-found"))
async def read(request: Request, number: Number) -> Acknowledgement:
    """Read the state of a registration."""
    await _wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        acknowledgement = await store.read(connection, number)
        if "wrong_number" in _drawn(request):
            acknowledgement = await store.somebody_else(connection, acknowledgement)
    return acknowledgement


@routes.put(
    "/pre-registrations/{number}",
    operation_id="amend",
    responses=problems("not-found", "closed", write=True, body=True),
)
async def amend(
    request: Request,
    number: Number,
    key: WriteKey,
    body: Annotated[PreRegistration, JsonRules()],
) -> Acknowledgement:
    """Replace the whole content; the registration is decided again."""
    return await _write(request, key, store.Amend(number, body))


@routes.post(
    "/pre-registrations/{number}/withdrawal",
    operation_id="withdraw",
    responses=problems("not-found", write=True),
)
async def withdraw(request: Request, number: Number, key: WriteKey) -> Acknowledgement:
    """Withdraw a registration; the request has no body."""
    return await _write(request, key, store.Withdraw(number))


@routes.post(
    "/consents",
    operation_id="withdraw_consent",
    status_code=201,
    responses=problems("not-found", write=True, body=True),
)
async def withdraw_consent(
    request: Request, key: WriteKey, body: Annotated[ConsentWithdrawal, JsonRules()]
) -> Acknowledgement:
    """Withdraw consent: the registration is withdrawn and its content erased."""
    return await _write(request, key, store.WithdrawConsent(body))


@routes.post(
    "/pre-registrations/{number}/documents",
    operation_id="upload",
    status_code=201,
    responses=problems("not-found", "closed", write=True, body=True),
    openapi_extra={
        "requestBody": {"required": True, "content": {each: {} for each in _FILE_TYPES}}
    },
)
async def upload(
    request: Request,
    number: Number,
    key: WriteKey,
    kind: Annotated[DocumentKind, Header(alias="Document-Kind")],
    pages: Annotated[Pages, Header(alias="Document-Pages")],
    digest: Annotated[Sha256, Header(alias="Document-Sha256")],
) -> Document:
    """Add a document, its bytes as the body; the same key and bytes add no second one."""
    label = await _label(request, kind, pages, digest)
    async with here(request).pool.connection() as connection:
        document = await documents.add(
            connection, key, number, label, lambda: _wait_if_slow(request)
        )
    return _mixed_up(request, document)


@routes.get(
    "/pre-registrations/{number}/documents",
    operation_id="documents",
    responses=problems("not-found"),
)
async def listing(request: Request, number: Number) -> Documents:
    """List the documents of a registration, each with the key that brought it."""
    await _wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        items = await documents.of_entry(connection, number)
    return Documents(items=tuple(_mixed_up(request, each) for each in items))


@routes.get("/reference/{kind}", operation_id="reference", responses=problems("not-found"))
async def reference(request: Request, kind: ReferenceKind) -> Reference:
    """List the codes that the registry knows."""
    await _wait_if_slow(request)
    return REFERENCES[kind]


async def _write(request: Request, key: str, write: store.Write) -> Acknowledgement:
    sandbox, drawn = here(request), _drawn(request)
    plan = sandbox.plan(drawn)
    async with sandbox.pool.connection() as connection:
        acknowledgement = await store.settle(
            connection, key, write, plan, lambda: _wait_if_slow(request)
        )
    sandbox.changed.set()
    if "wrong_number" in drawn:
        async with sandbox.pool.connection() as connection:
            acknowledgement = await store.somebody_else(connection, acknowledgement)
    return acknowledgement


def _require_token(request: Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if "expired_token" in _drawn(request):
        here(request).forget_token(token)
    if scheme.lower() != "bearer" or not here(request).knows_token(token):
        raise Objection("unauthorized")


async def _label(request: Request, kind: str, pages: int, digest: str) -> DocumentLabel:
    """Return a document's description once its bytes have been read and match it."""
    media_type = request.headers.get("Content-Type", "")
    if media_type not in _FILE_TYPES:
        raise Objection("unsupported-media-type")
    size, seen = 0, sha256()
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_DOCUMENT_BYTES:
            raise Objection("too-large")
        seen.update(chunk)
    described = {
        "kind": kind,
        "media_type": media_type,
        "pages": pages,
        "size": size,
        "sha256": digest,
    }
    label = parse(DocumentLabel, json.dumps(described).encode())
    if label.sha256 != seen.hexdigest():
        raise Objection("invalid", (FieldError(pointer="/sha256", code="MISMATCH"),))
    return label


def _mixed_up(request: Request, document: Document) -> Document:
    """Return the document; under `wrong_number` one of a registration that never existed."""
    if "wrong_number" in _drawn(request):
        return document.model_copy(update={"number": store.new_number()})
    return document


async def _wait_if_slow(request: Request) -> None:
    if fault := _drawn(request).get("slow"):
        await asyncio.sleep(fault.seconds)


def _drawn(request: Request) -> Drawn:
    drawn: Drawn = request.state.faults
    return drawn


async def _json(request: Request) -> bytes:
    """Return the body of a JSON request; Objection for another type or too large a body."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Objection("unsupported-media-type")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Objection("too-large")
    return bytes(body)
