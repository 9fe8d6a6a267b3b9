"""Request bodies, responses, and errors in Telegram's format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web
from aiohttp.web_request import FileField

Params = dict[str, Any]
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Refusal(Exception):
    """A rejected call. `code` is the HTTP status, `retry_after` is in seconds."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to_chat_id: int | None = None


def bad(description: str) -> Refusal:
    """Return a 400 with Telegram's text."""
    return Refusal(400, f"Bad Request: {description}")


def strict(description: str) -> Refusal:
    """Return a 400 for input that Telegram would silently ignore or cut.

    This input is a mistake of Kosh; the text EMULATOR marks the error.
    """
    return bad(f"EMULATOR: {description}")


def too_many(seconds: int) -> Refusal:
    """Return the 429 of a rate limit."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", seconds)


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file in a multipart body."""

    name: str
    mime: str
    data: bytes

    def __repr__(self) -> str:
        return f"{self.name} ({len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class Body:
    """The unchecked parameters of a call, and its files."""

    values: Params
    files: dict[str, Upload]


async def read_body(request: web.Request) -> Body:
    """Read query string and body (JSON, form or multipart), as Telegram does."""
    values: Params = dict(request.query)
    match request.content_type:
        case "application/json":
            values |= read_json(await request.read())
        case "application/x-www-form-urlencoded" | "multipart/form-data":
            form: Mapping[str, Any] = await request.post()
            files = {name: _upload(v) for name, v in form.items() if isinstance(v, FileField)}
            values |= {name: v for name, v in form.items() if not isinstance(v, FileField)}
            return Body(values, files)
        case other if await request.read():
            raise strict(f"content type {other} isn't one that Telegram reads")
    return Body(values, {})


def read_json(raw: bytes) -> Params:
    """Parse a JSON object; reject nulls, which Telegram would read as the text "null"."""
    try:
        values = msgspec.json.decode(raw or b"{}")
    except msgspec.DecodeError as error:
        raise bad(f"can't parse object: {error}") from error
    if not isinstance(values, dict):
        raise bad("JSON object expected")
    if nulls := [name for name, value in values.items() if value is None]:
        raise strict(f"null given for {', '.join(nulls)}: leave the parameter out")
    return values


def read_reply(content_type: str, raw: bytes) -> Params:
    """Return the Bot API call in the bot's response to a delivery; {} if there is none."""
    match content_type:
        case "application/json" if raw.lstrip().startswith(b"{"):
            return read_json(raw)
        case "application/x-www-form-urlencoded":
            return dict(parse_qsl(raw.decode()))
        case _:
            return {}


def _upload(field: FileField) -> Upload:
    return Upload(field.filename, field.content_type, field.file.read())


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a call: HTTP status, body, and the seconds to wait after a 429."""

    status: int
    body: bytes
    retry_after: int | None = None


def accepted(result: object) -> Outcome:
    """Return the outcome of a call that was executed."""
    return Outcome(200, msgspec.json.encode({"ok": True, "result": result}))


def refused(refusal: Refusal) -> Outcome:
    """Return the outcome of a rejected call."""
    answer: dict[str, object] = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    if refusal.retry_after is not None:
        answer["parameters"] = {"retry_after": refusal.retry_after}
    if refusal.migrate_to_chat_id is not None:
        answer["parameters"] = {"migrate_to_chat_id": refusal.migrate_to_chat_id}
    return Outcome(refusal.code, msgspec.json.encode(answer), refusal.retry_after)


def response(outcome: Outcome) -> web.Response:
    """Return the HTTP response: JSON, with Retry-After if the caller has to wait."""
    wait = outcome.retry_after
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return web.Response(
        status=outcome.status, body=outcome.body, content_type=JSON, headers=headers
    )
