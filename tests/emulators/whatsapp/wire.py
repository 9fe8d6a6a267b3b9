"""Request bodies, responses, and errors in Meta's format."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from .errors import ERRORS, details_of, title_of

Params = dict[str, Any]
JSON = "application/json"


class Refusal(Exception):
    """A rejected call: one of Meta's error codes, with a subcode in some cases.

    With the header Retry-After the status is 429.
    """

    def __init__(
        self, code: int, details: str = "", subcode: int | None = None, retry_after: str = ""
    ) -> None:
        super().__init__(details or details_of(code))
        self.code = code
        self.details = details or details_of(code)
        self.subcode = subcode
        self.headers = {"Retry-After": retry_after} if retry_after else {}

    @property
    def status(self) -> int:
        """Return the HTTP status that belongs to the code."""
        if self.headers:
            return 429
        return ERRORS[self.code][0] if self.code in ERRORS else 400

    @property
    def body(self) -> Params:
        """Return the error in the Graph API's format."""
        title = title_of(self.code)
        if self.details.startswith("EMULATOR"):
            title = self.details
        error: Params = {
            "message": f"(#{self.code}) {title}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": "A" + secrets.token_urlsafe(16),
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error}


def invalid(details: str) -> Refusal:
    """Return the refusal of an invalid value: 131009, with a text close to Meta's."""
    return Refusal(131009, details)


def missing(details: str) -> Refusal:
    """Return the refusal of a missing parameter: 131008."""
    return Refusal(131008, details)


def strict(details: str) -> Refusal:
    """Return the refusal of input that WhatsApp would ignore, cut or not show.

    This input is a mistake of Kosh; the text EMULATOR marks the error.
    """
    return Refusal(100, f"EMULATOR: {details}")


def no_object(name: str) -> Refusal:
    """Return the Graph API's refusal of an id that is missing or not readable by the token."""
    words = f"Unsupported get request. Object with ID '{name}' does not exist"
    return Refusal(100, words, subcode=33)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a call: HTTP status, body, and Meta's code (0 if it was executed).

    `message` is the wamid of the created message, `late` the code with which it fails later.
    """

    status: int
    body: bytes
    code: int = 0
    message: str = ""
    late: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


def accepted(result: object, message: str = "", late: int = 0) -> Outcome:
    """Return the outcome of a call that was executed."""
    return Outcome(200, msgspec.json.encode(result), message=message, late=late)


def refused(refusal: Refusal) -> Outcome:
    """Return the outcome of a rejected call."""
    words = f"(#{refusal.code}) {title_of(refusal.code)}"
    headers = {"WWW-Authenticate": f'OAuth "Facebook Platform" "invalid_request" "{words}"'}
    headers |= refusal.headers
    return Outcome(refusal.status, msgspec.json.encode(refusal.body), refusal.code, headers=headers)


def response(outcome: Outcome) -> web.Response:
    """Return the HTTP response for the outcome of a call."""
    return web.Response(
        status=outcome.status,
        body=outcome.body,
        content_type=JSON,
        headers={"facebook-api-version": "v25.0", **outcome.headers},
    )


def read_json(raw: bytes) -> Params:
    """Return the JSON object in a request body; raise Refusal if it is invalid or no object."""
    try:
        values = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise Refusal(100, f"Invalid JSON: {error}") from error
    if not isinstance(values, dict):
        raise Refusal(100, "The body must be a JSON object")
    return values


def written(body: Params) -> bytes:
    """Serialize a webhook body as Meta does: non-ASCII characters and slashes are escaped."""
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
    return text.replace("/", "\\/").encode()
