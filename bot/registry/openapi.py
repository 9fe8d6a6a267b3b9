"""The contract's operations, and the OpenAPI 3.1 document generated from them and the models.

`python -m bot.registry.openapi > docs/registry-openapi.json` regenerates the published document.
"""

import json
import re
import sys
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.registry.callback_signature import HEADER
from bot.registry.contract import (
    PROBLEMS,
    Acknowledgement,
    ConsentWithdrawal,
    Found,
    PreRegistration,
    Problem,
    ProblemName,
    Reference,
    StatusCallback,
    Token,
)
from bot.registry.documents import Document, Documents, DocumentType

type Schema = dict[str, Any]

_REF = "#/components/schemas/{model}"
_ALWAYS: tuple[ProblemName, ...] = (
    "unauthorized",
    "forbidden",
    "too-many-requests",
    "internal",
    "unavailable",
)
_ON_WRITES: tuple[ProblemName, ...] = ("bad-key", "key-reused", "in-progress")
_ON_BODIES: tuple[ProblemName, ...] = (
    "invalid",
    "refused",
    "too-large",
    "unsupported-media-type",
)


@dataclass(frozen=True)
class Operation:
    """One operation of the registry's API; every write carries an Idempotency-Key."""

    name: str
    method: Literal["get", "post", "put"]
    path: str
    summary: str
    answer: type[BaseModel]
    status: int = 200
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    problems: tuple[ProblemName, ...] = ()

    @property
    def is_write(self) -> bool:
        return self.method != "get"


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "create",
        "post",
        "/v1/pre-registrations",
        "Register a person; the same key and body again give the same answer and no second entry.",
        Acknowledgement,
        status=201,
        body=PreRegistration,
    ),
    Operation(
        "find",
        "get",
        "/v1/pre-registrations",
        "Find the registration that a write with this key made or changed, as it is now.",
        Found,
        query=("idempotency_key",),
        problems=("invalid", "in-progress"),
    ),
    Operation(
        "read",
        "get",
        "/v1/pre-registrations/{number}",
        "Read the state of a registration.",
        Acknowledgement,
        problems=("not-found",),
    ),
    Operation(
        "amend",
        "put",
        "/v1/pre-registrations/{number}",
        "Replace the whole content; the registration is looked at anew.",
        Acknowledgement,
        body=PreRegistration,
        problems=("not-found", "closed"),
    ),
    Operation(
        "withdraw",
        "post",
        "/v1/pre-registrations/{number}/withdrawal",
        "Withdraw a registration; the request has no body.",
        Acknowledgement,
        problems=("not-found",),
    ),
    Operation(
        "withdraw_consent",
        "post",
        "/v1/consents",
        "Take consent back: the registration is withdrawn and its content erased.",
        Acknowledgement,
        status=201,
        body=ConsentWithdrawal,
        problems=("not-found",),
    ),
    Operation(
        "upload",
        "post",
        "/v1/pre-registrations/{number}/documents",
        "Add a document, its bytes as the body; the same key and bytes again add no second one.",
        Document,
        status=201,
        headers=("Document-Kind", "Document-Pages", "Document-Sha256"),
        media_types=get_args(DocumentType.__value__),
        problems=("not-found", "closed"),
    ),
    Operation(
        "documents",
        "get",
        "/v1/pre-registrations/{number}/documents",
        "List the documents of a registration, each with the key that brought it.",
        Documents,
        problems=("not-found",),
    ),
    Operation(
        "reference",
        "get",
        "/v1/reference/{kind}",
        "List the codes that the registry knows.",
        Reference,
        problems=("not-found",),
    ),
)

_PARAMETERS = {
    "number": "Number",
    "kind": "ReferenceKind",
    "idempotency_key": "Key",
    "Idempotency-Key": "Key",
    "Document-Kind": "DocumentKind",
    "Document-Pages": "Pages",
    "Document-Sha256": "Sha256",
}


def openapi() -> Schema:
    """Return the OpenAPI 3.1 document of the contract."""
    paths: Schema = {"/oauth/token": {"post": _token()}}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Registry of ethnic Kazakhs abroad: pre-registration",
            "version": "1.0.0",
            "description": "The contract that Kosh assumes; the real registry's is not public.",
        },
        "servers": [{"url": "/"}],
        "security": [{"client": []}],
        "paths": paths,
        "webhooks": {"statusChanged": {"post": _callback()}},
        "components": _components(),
    }


def published() -> str:
    """Return the document as stored in `docs/registry-openapi.json`."""
    return json.dumps(openapi(), indent=2, ensure_ascii=False) + "\n"


def _operation(operation: Operation) -> Schema:
    names = re.findall(r"{(\w+)}", operation.path)
    parameters = [_parameter(name, "path") for name in names]
    parameters += [_parameter(name, "query") for name in operation.query]
    if operation.is_write:
        parameters.append(_parameter("Idempotency-Key", "header"))
    parameters += [_parameter(name, "header") for name in operation.headers]
    document: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {str(operation.status): _content(operation.answer)} | _problems(operation),
    }
    if operation.body:
        document["requestBody"] = _content(operation.body) | {"required": True}
        del document["requestBody"]["description"]
    if operation.media_types:
        content: Schema = {each: {} for each in operation.media_types}
        document["requestBody"] = {"content": content, "required": True}
    return document


def _parameter(name: str, place: Literal["path", "query", "header"]) -> Schema:
    schema = {"$ref": _REF.format(model=_PARAMETERS[name])}
    return {"name": name, "in": place, "required": True, "schema": schema}


def _content(model: type[BaseModel], media_type: str = "application/json") -> Schema:
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"description": _first_line(model), "content": {media_type: {"schema": schema}}}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").split("\n")[0]


def _problems(operation: Operation) -> Schema:
    names = _ALWAYS + operation.problems
    names += _ON_WRITES if operation.is_write else ()
    names += _ON_BODIES if operation.body or operation.media_types else ()
    answers: dict[str, list[ProblemName]] = {}
    for name in dict.fromkeys(names):
        answers.setdefault(str(PROBLEMS[name][0]), []).append(name)
    return {status: _problem(answers[status]) for status in sorted(answers)}


def _problem(names: list[ProblemName]) -> Schema:
    lines = [f"`{name}`: {PROBLEMS[name][1]}" for name in names]
    return _content(Problem, "application/problem+json") | {"description": "\n\n".join(lines)}


def _token() -> Schema:
    form = {
        "type": "object",
        "required": ["grant_type"],
        "properties": {"grant_type": {"const": "client_credentials"}},
    }
    return {
        "operationId": "token",
        "summary": "Ask for an access token (RFC 6749, 4.4); the client signs in by HTTP Basic.",
        "security": [{"login": []}],
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": form}},
        },
        "responses": {
            "200": _content(Token),
            "400": {"description": "The request is not as RFC 6749, 4.4.2 says."},
            "401": {"description": "The client is unknown or its secret is wrong."},
        },
    }


def _callback() -> Schema:
    signature = {
        "name": HEADER,
        "in": "header",
        "required": True,
        "description": 't=<unix time>,v1=<hex HMAC-SHA-256 of "<t>.<raw body>">',
        "schema": {"type": "string"},
    }
    return {
        "operationId": "statusChanged",
        "summary": "The registry changed a state; sent again, in any order, until answered 2xx.",
        "security": [],
        "parameters": [signature],
        "requestBody": _content(StatusCallback) | {"required": True},
        "responses": {"2XX": {"description": "Kept."}},
    }


def _components() -> Schema:
    models: list[type[BaseModel]] = [Token, Problem, StatusCallback]
    models += [operation.answer for operation in OPERATIONS]
    models += [operation.body for operation in OPERATIONS if operation.body]
    inputs = [(model, "validation") for model in dict.fromkeys(models)]
    _, schemas = models_json_schema(inputs, ref_template=_REF)  # type: ignore[arg-type]
    flow = {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}}
    return {
        "schemas": schemas["$defs"],
        "securitySchemes": {
            "client": {"type": "oauth2", "flows": flow},
            "login": {"type": "http", "scheme": "basic"},
        },
    }


if __name__ == "__main__":
    sys.stdout.write(published())
