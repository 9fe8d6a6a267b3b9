"""Read the console's HTML forms within size limits, check their origin, define field types."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, BeforeValidator

from bot.web.request_parsing import FORM, FormRoute, Pairs, body, check_origin, fields, number

# The longest announcement has 4,096 Chinese letters in each of four languages, 9 bytes a letter in
# the encoding of forms: about 150 KB.
MAX_FORM_BYTES = 256 * 1024
MAX_FIELDS = 200


async def read_form(request: Request) -> Pairs:
    """Return the fields of a form that a page of the console sent.

    Raises Refused for a form of another site, of more than MAX_FORM_BYTES, or with more than
    MAX_FIELDS fields.
    """
    check_form_origin(request)
    return fields(await body(request, MAX_FORM_BYTES, FORM), MAX_FIELDS)


def check_form_origin(request: Request) -> None:
    """Raise Refused (403) for a form that another site sent."""
    check_origin(request, sites=("same-origin",), required=True)


class OpenFormRoute(FormRoute):
    """Route for forms that can be posted without a session, such as the sign-in form."""

    read_form = staticmethod(read_form)


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _unix_lines(value: Any) -> Any:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _codes(value: Any) -> list[str]:
    return " ".join(value).split()


def _number(value: Any) -> int:
    return number(value, otherwise=-1) if isinstance(value, str) else int(value)


Number = Annotated[int, BeforeValidator(_number)]
"""A decimal number; -1 for any other text."""
Line = Annotated[str, BeforeValidator(_strip)]
"""A text without leading and trailing white space."""
Lines = Annotated[str, BeforeValidator(_unix_lines)]
"""A text of several lines; CRLF becomes LF."""
Codes = Annotated[tuple[str, ...], BeforeValidator(_codes)]
"""Codes of ticked boxes, or codes typed with spaces between them."""
Checkbox = Annotated[bool, BeforeValidator(bool)]
"""True if the form has a non-empty value for the box."""


class VersionedForm(BaseModel):
    """Base of forms about an object that several officers can change at the same time.

    `version` is the object's version that the page showed. `key` is an idempotency key, so that a
    form that is posted twice has its effect once.
    """

    key: str = ""
    version: Number = -1


class OfficerForm(BaseModel):
    """A form about the officer with the id `officer`."""

    officer: UUID
