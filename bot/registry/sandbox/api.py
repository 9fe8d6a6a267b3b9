"""Routes of the contract for registrations, documents, reference lists and tokens."""

import json
from hashlib import sha256
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form, Header, Query, Request
from starlette.responses import JSONResponse, Response

from bot.registry.callback_signature import HEADER
from bot.registry.client_assertion import ASSERTION_TYPE
from bot.registry.contract import (
    Acknowledgement,
    Changes,
    ConsentWithdrawal,
    Found,
    History,
    Key,
    Number,
    PreRegistration,
    QuestionAnswer,
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
from bot.registry.problems import FieldError
from bot.registry.sandbox import documents, life, store, writes
from bot.registry.sandbox.errors import Objection, parse
from bot.registry.sandbox.openapi import LOCATION, problems
from bot.registry.sandbox.reference import REFERENCES
from bot.registry.sandbox.requests import (
    CLIENT,
    MAX_BODY_BYTES,
    ClientLogin,
    JsonRules,
    ResourceRoute,
    WriteKey,
    active_faults,
    wait_if_slow,
)
from bot.registry.sandbox.state import TOKEN_SECONDS, here

_FILE_TYPES: tuple[str, ...] = get_args(DocumentType.__value__)


open_routes = APIRouter()
routes = APIRouter(prefix="/v1", route_class=ResourceRoute, dependencies=[Depends(CLIENT)])
webhooks = APIRouter()


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
    """Report a state change.

    The registry repeats the report until the response is 2xx. Reports may arrive in a different
    order than the changes.
    """


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
    client_assertion_type: Annotated[str, Form()] = "",
    client_assertion: Annotated[str, Form()] = "",
    client_id: Annotated[str, Form()] = "",
    scope: Annotated[str, Form()] = "",
) -> Response:
    """Issue an access token (RFC 6749, 4.4) after HTTP Basic, an assertion or mutual TLS.

    An assertion follows RFC 7523. If the client presents a certificate, the token is bound to this
    certificate (RFC 8705). Without `scope` the token has every scope of the client.
    """
    await wait_if_slow(request)
    if grant_type != "client_credentials":
        return JSONResponse({"error": "unsupported_grant_type"}, 400)
    if client_assertion_type == ASSERTION_TYPE:
        known = here(request).accepts_assertion(client_assertion, str(request.url))
    elif client_id and not login[0]:
        known = here(request).knows_certificate(client_id, request.state.thumbprint)
    else:
        known = here(request).knows_client(*login)
    if not known:
        return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
    requested = frozenset(scope.split()) or here(request).client_scopes
    scopes = here(request).client_scopes & requested
    if scopes != requested:
        return JSONResponse({"error": "invalid_scope"}, 400)
    issued = {
        "access_token": here(request).issue_token(scopes, request.state.thumbprint),
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": " ".join(sorted(scopes)),
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
    """Register a person. A repetition with the same key and body returns the first answer."""
    created = await _write(request, key, writes.Create(body))
    response.headers["Location"] = f"/v1/pre-registrations/{created.number}"
    return created


@routes.get("/pre-registrations", operation_id="find", responses=problems("invalid", "in-progress"))
async def find(request: Request, idempotency_key: Annotated[Key, Query()]) -> Found:
    """Return the registration that the write with this key created or changed, as it is now."""
    if len(request.query_params.getlist("idempotency_key")) != 1:
        raise Objection("invalid", (FieldError(pointer="/idempotency_key", code="PATTERN"),))
    await wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        found = await store.find(connection, idempotency_key)
        if found and "wrong_number" in active_faults(request):
            found = await store.another_registration(connection, found)
    return Found(items=(found,) if found else ())


@routes.get("/pre-registrations/{number}", operation_id="read", responses=problems("not-found"))
async def read(request: Request, response: Response, number: Number) -> Acknowledgement:
    """Return the state of a registration; the ETag is its version."""
    await wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        acknowledgement = await store.read(connection, number)
        if "wrong_number" in active_faults(request):
            acknowledgement = await store.another_registration(connection, acknowledgement)
    response.headers["ETag"] = f'"{acknowledgement.version}"'
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
    """Replace the whole content. Afterwards the registry makes a new decision."""
    return await _write(request, key, writes.Amend(number, body))


@routes.patch(
    "/pre-registrations/{number}",
    operation_id="patch",
    responses=problems("not-found", "closed", "stale", "no-version", write=True, body=True),
)
async def patch(
    request: Request,
    number: Number,
    key: WriteKey,
    body: Annotated[Changes, JsonRules()],
    if_match: Annotated[str | None, Header(description="The version as an ETag.")] = None,
) -> Acknowledgement:
    """Replace some top-level members, if the version in If-Match is the current one."""
    if if_match is None:
        raise Objection("no-version")
    version = if_match.strip('"')
    if not version.isascii() or not version.isdecimal():
        raise Objection("stale")
    return await _write(request, key, writes.Patch(number, int(version), body))


@routes.post(
    "/pre-registrations/{number}/answers",
    operation_id="answer",
    responses=problems("not-found", "no-question", write=True, body=True),
)
async def answer(
    request: Request,
    number: Number,
    key: WriteKey,
    body: Annotated[QuestionAnswer, JsonRules()],
) -> Acknowledgement:
    """Answer the open question. Afterwards the registry makes a new decision."""
    return await _write(request, key, writes.Reply(number, body))


@routes.get(
    "/pre-registrations/{number}/history", operation_id="history", responses=problems("not-found")
)
async def history(request: Request, number: Number) -> History:
    """List the states of a registration and the steps of the platform, oldest first."""
    await wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        return await life.history(connection, number)


@routes.post(
    "/pre-registrations/{number}/withdrawal",
    operation_id="withdraw",
    responses=problems("not-found", write=True),
)
async def withdraw(request: Request, number: Number, key: WriteKey) -> Acknowledgement:
    """Withdraw a registration. The request has no body."""
    return await _write(request, key, writes.Withdraw(number))


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
    return await _write(request, key, writes.WithdrawConsent(body))


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
    """Add a document; the body is its bytes. A repetition of key and bytes adds nothing."""
    label = await _label(request, kind, pages, digest)
    async with here(request).pool.connection() as connection:
        document = await documents.add(
            connection, key, number, label, lambda: wait_if_slow(request)
        )
    return _mixed_up(request, document)


@routes.get(
    "/pre-registrations/{number}/documents",
    operation_id="documents",
    responses=problems("not-found"),
)
async def listing(request: Request, number: Number) -> Documents:
    """List the documents of a registration, each with the idempotency key of its upload."""
    await wait_if_slow(request)
    async with here(request).pool.connection() as connection:
        items = await documents.of_entry(connection, number)
    return Documents(items=tuple(_mixed_up(request, each) for each in items))


@routes.get("/reference/{kind}", operation_id="reference", responses=problems("not-found"))
async def reference(request: Request, kind: ReferenceKind) -> Reference:
    """List the registry's current codes of one kind."""
    await wait_if_slow(request)
    return REFERENCES[kind]


async def _write(request: Request, key: str, write: writes.Write) -> Acknowledgement:
    sandbox, faults = here(request), active_faults(request)
    plan = sandbox.plan(faults)
    async with sandbox.pool.connection() as connection:
        acknowledgement = await writes.apply_once(
            connection, key, write, plan, lambda: wait_if_slow(request)
        )
    sandbox.changed.set()
    if "wrong_number" in faults:
        async with sandbox.pool.connection() as connection:
            acknowledgement = await store.another_registration(connection, acknowledgement)
    return acknowledgement


async def _label(request: Request, kind: str, pages: int, digest: str) -> DocumentLabel:
    """Read the uploaded document in the body, and return the document's description.

    Raises `Objection`: unsupported-media-type, too-large, or invalid, for example if the hash in
    the header is not that of the body.
    """
    media_type = request.headers.get("Content-Type", "")
    if media_type not in _FILE_TYPES:
        raise Objection("unsupported-media-type")
    size, hasher = 0, sha256()
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_DOCUMENT_BYTES:
            raise Objection("too-large")
        hasher.update(chunk)
    described = {
        "kind": kind,
        "media_type": media_type,
        "pages": pages,
        "size": size,
        "sha256": digest,
    }
    label = parse(DocumentLabel, json.dumps(described).encode())
    if label.sha256 != hasher.hexdigest():
        raise Objection("invalid", (FieldError(pointer="/sha256", code="MISMATCH"),))
    return label


def _mixed_up(request: Request, document: Document) -> Document:
    """Return the document; the fault `wrong_number` gives it an unused registration number."""
    if "wrong_number" in active_faults(request):
        return document.model_copy(update={"number": store.new_number()})
    return document
