"""HTTP routes of the contract, as the sandbox implements them."""

import asyncio
import base64
import binascii
import json
import re
from hashlib import sha256
from urllib.parse import parse_qs, unquote_plus

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.registry.contract import ConsentWithdrawal, FieldError, Found, PreRegistration
from bot.registry.documents import MAX_DOCUMENT_BYTES, Document, DocumentLabel, Documents
from bot.registry.openapi import openapi
from bot.registry.sandbox import documents, store
from bot.registry.sandbox.errors import Objection, parse
from bot.registry.sandbox.faults import Drawn
from bot.registry.sandbox.reference import REFERENCES
from bot.registry.sandbox.state import TOKEN_SECONDS, here

BODY_LIMIT = 64 * 1024

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


async def _signed_in(request: Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if "expired_token" in _drawn(request):
        here(request).forget_token(token)
    if scheme.lower() != "bearer" or not here(request).knows_token(token):
        raise Objection("unauthorized")


open_routes = APIRouter()
routes = APIRouter(prefix="/v1", dependencies=[Depends(_signed_in)])


@open_routes.get("/openapi.json")
async def document() -> JSONResponse:
    """Return the contract as an OpenAPI document."""
    return JSONResponse(openapi())


@open_routes.post("/oauth/token")
async def token(request: Request) -> Response:
    """Issue an access token to a client that signs in by HTTP Basic (RFC 6749, 4.4)."""
    await _linger(request)
    form = parse_qs((await _body(request)).decode("ascii", "replace"))
    if form.get("grant_type") != ["client_credentials"]:
        return JSONResponse({"error": "unsupported_grant_type"}, 400)
    if not here(request).knows_client(*_login(request)):
        return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
    issued = {
        "access_token": here(request).issue_token(),
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
    }
    return JSONResponse(issued, headers={"Cache-Control": "no-store"})


@routes.post("/pre-registrations")
async def create(request: Request) -> Response:
    """Create a registration."""
    body = parse(PreRegistration, await _json(request))
    return await _settle(request, store.Create(body), 201)


@routes.get("/pre-registrations")
async def find(request: Request) -> Response:
    """Return the registration that a write with this key made or changed."""
    keys = request.query_params.getlist("idempotency_key")
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise Objection("invalid", (FieldError(pointer="/idempotency_key", code="PATTERN"),))
    await _linger(request)
    async with here(request).pool.connection() as connection:
        found = await store.find(connection, keys[0])
        if found and "wrong_number" in _drawn(request):
            found = await store.somebody_else(connection, found)
    return _answer(Found(items=(found,) if found else ()))


@routes.get("/pre-registrations/{number}")
async def read(request: Request, number: str) -> Response:
    """Return the state of a registration."""
    await _linger(request)
    async with here(request).pool.connection() as connection:
        acknowledgement = await store.read(connection, number)
        if "wrong_number" in _drawn(request):
            acknowledgement = await store.somebody_else(connection, acknowledgement)
    return _answer(acknowledgement)


@routes.put("/pre-registrations/{number}")
async def amend(request: Request, number: str) -> Response:
    """Replace the content of a registration."""
    body = parse(PreRegistration, await _json(request))
    return await _settle(request, store.Amend(number, body), 200)


@routes.post("/pre-registrations/{number}/withdrawal")
async def withdraw(request: Request, number: str) -> Response:
    """Withdraw a registration."""
    return await _settle(request, store.Withdraw(number), 200)


@routes.post("/consents")
async def withdraw_consent(request: Request) -> Response:
    """Withdraw a registration and erase its content."""
    body = parse(ConsentWithdrawal, await _json(request))
    return await _settle(request, store.WithdrawConsent(body), 201)


@routes.post("/pre-registrations/{number}/documents")
async def upload(request: Request, number: str) -> Response:
    """Add a document to a registration; its bytes are counted and discarded."""
    key = _write_key(request)
    label = await _label(request)
    async with here(request).pool.connection() as connection:
        document = await documents.add(connection, key, number, label, lambda: _linger(request))
    return _answer(_mixed_up(request, document), 201)


@routes.get("/pre-registrations/{number}/documents")
async def listing(request: Request, number: str) -> Response:
    """List the documents of a registration."""
    await _linger(request)
    async with here(request).pool.connection() as connection:
        items = await documents.of_entry(connection, number)
    return _answer(Documents(items=tuple(_mixed_up(request, each) for each in items)))


@routes.get("/reference/{kind}")
async def reference(request: Request, kind: str) -> Response:
    """Return a list of codes."""
    await _linger(request)
    if kind not in REFERENCES:
        raise Objection("not-found")
    return _answer(REFERENCES[kind])


async def _settle(request: Request, write: store.Write, status: int) -> Response:
    key = _write_key(request)
    sandbox, drawn = here(request), _drawn(request)
    plan = sandbox.plan(drawn)
    async with sandbox.pool.connection() as connection:
        acknowledgement = await store.settle(connection, key, write, plan, lambda: _linger(request))
    sandbox.changed.set()
    if "wrong_number" in drawn:
        async with sandbox.pool.connection() as connection:
            acknowledgement = await store.somebody_else(connection, acknowledgement)
    return _answer(acknowledgement, status)


def _write_key(request: Request) -> str:
    keys = request.headers.getlist("Idempotency-Key")
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise Objection("bad-key")
    return keys[0]


async def _label(request: Request) -> DocumentLabel:
    """Return a document's description in the headers, checked against its bytes."""
    media_type = request.headers.get("Content-Type", "")
    if media_type not in ("application/pdf", "image/jpeg"):
        raise Objection("unsupported-media-type")
    size, seen = 0, sha256()
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_DOCUMENT_BYTES:
            raise Objection("too-large")
        seen.update(chunk)
    pages = request.headers.get("Document-Pages", "")
    told = {
        "kind": request.headers.get("Document-Kind", ""),
        "media_type": media_type,
        "pages": int(pages) if pages.isascii() and pages.isdigit() else None,
        "size": size,
        "sha256": request.headers.get("Document-Sha256", ""),
    }
    label = parse(DocumentLabel, json.dumps(told).encode())
    if label.sha256 != seen.hexdigest():
        raise Objection("invalid", (FieldError(pointer="/sha256", code="MISMATCH"),))
    return label


def _mixed_up(request: Request, document: Document) -> Document:
    """Return the document; with the fault `wrong_number`, under a nonexistent registration."""
    if "wrong_number" in _drawn(request):
        return document.model_copy(update={"number": store.new_number()})
    return document


async def _linger(request: Request) -> None:
    if fault := _drawn(request).get("slow"):
        await asyncio.sleep(fault.seconds)


def _drawn(request: Request) -> Drawn:
    drawn: Drawn = request.state.faults
    return drawn


def _answer(model: BaseModel, status: int = 200) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")


async def _json(request: Request) -> bytes:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Objection("unsupported-media-type")
    return await _body(request)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise Objection("too-large")
    return bytes(body)


def _login(request: Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, client_secret = pair.partition(":")
    if scheme.lower() != "basic":
        return "", ""
    return unquote_plus(client_id), unquote_plus(client_secret)
