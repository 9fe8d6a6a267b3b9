"""The allowed shapes of requests, as data, and strict validation against them.

Lengths are in characters, as Meta counts them. Anything not named here is rejected: Meta rejects
some unknown parameters and ignores others, and a mistake of Kosh must not be ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from .wire import Params, Refusal, invalid, missing, strict

ADDRESS = re.compile(r"https?://[^\s/$.?#][^\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextShape:
    """A text of `minimum` to `limit` characters; with `line`, without line breaks and tabs."""

    limit: int
    minimum: int = 1
    line: bool = False


@dataclass(frozen=True, slots=True)
class LinkShape:
    """An http or https URL of at most `limit` characters."""

    limit: int = 2000


@dataclass(frozen=True, slots=True)
class BooleanShape:
    """A Boolean value."""


@dataclass(frozen=True, slots=True)
class EnumShape:
    """One of the fixed words in `of`."""

    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list of `minimum` to `limit` values of the shape `each`."""

    each: "Shape"
    limit: int
    minimum: int = 1


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """An object: the shape of each allowed field, and the names of the `required` fields."""

    fields: "Mapping[str, Shape]"
    required: tuple[str, ...] = ()


Shape = TextShape | LinkShape | BooleanShape | EnumShape | ListShape | ObjectShape

BODY = ObjectShape({"text": TextShape(1024)}, ("text",))
FOOTER = ObjectShape({"text": TextShape(60, line=True)}, ("text",))
FILE: dict[str, Shape] = {"id": TextShape(256), "link": LinkShape(), "caption": TextShape(1024)}
IMAGE = ObjectShape(FILE)
DOCUMENT = ObjectShape(FILE | {"filename": TextShape(240, line=True)})
HEADER = ObjectShape(
    {
        "type": EnumShape(("text", "image", "document", "video")),
        "text": TextShape(60, line=True),
        "image": IMAGE,
        "document": DOCUMENT,
    },
    ("type",),
)
BUTTON = ObjectShape(
    {
        "type": EnumShape(("reply",)),
        "reply": ObjectShape(
            {"id": TextShape(256), "title": TextShape(20, line=True)}, ("id", "title")
        ),
    },
    ("type", "reply"),
)
ROW = ObjectShape(
    {"id": TextShape(200), "title": TextShape(24, line=True), "description": TextShape(72)},
    ("id", "title"),
)
SECTION = ObjectShape({"title": TextShape(24, line=True), "rows": ListShape(ROW, 10)}, ("rows",))
ACTIONS: dict[str, Shape] = {
    "button": ObjectShape({"buttons": ListShape(BUTTON, 3)}, ("buttons",)),
    "list": ObjectShape(
        {"button": TextShape(20, line=True), "sections": ListShape(SECTION, 10)},
        ("button", "sections"),
    ),
    "cta_url": ObjectShape(
        {
            "name": EnumShape(("cta_url",)),
            "parameters": ObjectShape(
                {"display_text": TextShape(20, line=True), "url": LinkShape()},
                ("display_text", "url"),
            ),
        },
        ("name", "parameters"),
    ),
}


def interactive(kind: str) -> ObjectShape:
    """Return the shape of an interactive message; `kind` is its type, a key of ACTIONS."""
    shape: dict[str, Shape] = {
        "type": EnumShape((kind,)),
        "header": HEADER,
        "body": BODY,
        "footer": FOOTER,
        "action": ACTIONS[kind],
    }
    return ObjectShape(shape, ("type", "body", "action"))


PARAMETER = ObjectShape(
    {
        "type": EnumShape(("text", "payload", "image", "document")),
        "text": TextShape(1024),
        "payload": TextShape(256),
        "parameter_name": TextShape(64),
        "image": IMAGE,
        "document": DOCUMENT,
    },
    ("type",),
)
COMPONENT = ObjectShape(
    {
        "type": EnumShape(("header", "body", "button")),
        "sub_type": EnumShape(("quick_reply", "url")),
        "index": TextShape(1),
        "parameters": ListShape(PARAMETER, 100),
    },
    ("type",),
)
TEMPLATE = ObjectShape(
    {
        "name": TextShape(512, line=True),
        "language": ObjectShape(
            {"code": TextShape(16), "policy": EnumShape(("deterministic",))}, ("code",)
        ),
        "components": ListShape(COMPONENT, 20, minimum=0),
    },
    ("name", "language"),
)
TEXT = ObjectShape({"body": TextShape(4096), "preview_url": BooleanShape()}, ("body",))
CONTENT: dict[str, Shape] = {
    "text": TEXT,
    "template": TEMPLATE,
    "image": IMAGE,
    "document": DOCUMENT,
}
ENVELOPE: dict[str, Shape] = {
    "messaging_product": EnumShape(("whatsapp",)),
    "recipient_type": EnumShape(("individual",)),
    "to": TextShape(128),
    "recipient": TextShape(160),
    "type": EnumShape((*CONTENT, "interactive")),
    "context": ObjectShape({"message_id": TextShape(256)}, ("message_id",)),
    "biz_opaque_callback_data": TextShape(512),
}
READ = ObjectShape(
    {
        "messaging_product": EnumShape(("whatsapp",)),
        "status": EnumShape(("read",)),
        "message_id": TextShape(256),
        "typing_indicator": ObjectShape({"type": EnumShape(("text",))}, ("type",)),
    },
    ("messaging_product", "status", "message_id"),
)


def check(shape: Shape, value: object, where: str) -> None:
    """Raise Refusal, with a text close to Meta's, if the value is not of the shape.

    `where` is the path of the value in the request.
    """
    match shape:
        case TextShape():
            check_text(shape, value, where)
        case LinkShape(limit):
            check_text(TextShape(limit), value, where)
            check_link(str(value), where)
        case BooleanShape():
            if not isinstance(value, bool):
                raise Refusal(100, f"Param {where} must be a boolean")
        case EnumShape(of):
            if value not in of:
                raise Refusal(100, f"Param {where} must be one of {{{', '.join(of)}}}")
        case ListShape():
            check_list(shape, value, where)
        case ObjectShape():
            check_object(shape, value, where)
        case other:
            assert_never(other)


def check_text(shape: TextShape, value: object, where: str) -> None:
    """Raise Refusal if the value is no text, or violates the shape's length or line rule."""
    if not isinstance(value, str):
        raise Refusal(100, f"Param {where} must be a string")
    if not shape.minimum <= len(value) <= shape.limit:
        raise invalid(
            f"{where} length invalid. Min length: {shape.minimum}, Max length: {shape.limit}"
        )
    if not value.strip() and shape.minimum:
        raise strict(f"{where} is only white space")
    if shape.line and ("\n" in value or "\t" in value):
        raise strict(f"{where} has a line break, which WhatsApp doesn't show there")


def check_link(value: str, where: str) -> None:
    """Reject a value that is not a web address."""
    if not ADDRESS.fullmatch(value):
        raise Refusal(100, f"Param {where} is not a valid URL")


def check_list(shape: ListShape, value: object, where: str) -> None:
    """Reject a value that is not a list, has a wrong length, or contains an invalid value."""
    if not isinstance(value, list):
        raise Refusal(100, f"Param {where} must be an array")
    if not shape.minimum <= len(value) <= shape.limit:
        raise invalid(f"{where}: Min allowed: {shape.minimum}, Max allowed: {shape.limit}")
    for number, each in enumerate(value):
        check(shape.each, each, f"{where}[{number}]")


def check_object(shape: ObjectShape, value: object, where: str) -> None:
    """Reject a value that is not an object, lacks a field, or has an unknown field."""
    if not isinstance(value, dict):
        raise Refusal(100, f"Param {where} must be a JSON object")
    for name in shape.required:
        if name not in value:
            raise missing(f"The parameter {where}.{name} is required.".replace(" .", " "))
    for name, each in value.items():
        if name not in shape.fields:
            raise strict(f"unexpected key {name!r} on param {where!r}")
        check(shape.fields[name], each, f"{where}.{name}".lstrip("."))


def check_message(values: Params) -> None:
    """Raise Refusal for a message that WhatsApp would not accept, whoever the recipient is."""
    kind = values.get("type", "text")
    content = interactive_shape(values) if kind == "interactive" else CONTENT.get(kind)
    if content is None:
        raise Refusal(131051, f"EMULATOR: messages of type {kind!r} are none that Kosh sends")
    required = ("messaging_product", kind)
    check(ObjectShape(ENVELOPE | {kind: content}, required), values, "")
    check_sense(kind, values[kind])


def interactive_shape(values: Params) -> ObjectShape:
    """Return the shape of the interactive message in `values`."""
    content = values.get("interactive")
    if not isinstance(content, dict):
        raise missing("The parameter interactive is required.")
    if (kind := content.get("type")) not in ACTIONS:
        raise strict(f"interactive type {kind!r} is none that Kosh sends")
    return interactive(str(kind))


def check_sense(kind: str, content: Params) -> None:
    """Reject content that has the right shape but violates a rule across several fields."""
    match kind:
        case "image" | "document":
            check_source(content, kind)
        case "interactive":
            check_header(content)
            match content["type"]:
                case "button":
                    check_buttons(content["action"]["buttons"])
                case "list":
                    check_rows(content["action"]["sections"])


def check_source(content: Params, where: str) -> None:
    """Reject a file unless it has exactly one of the fields `id` and `link`."""
    if ("id" in content) == ("link" in content):
        raise missing(f"Either {where}.id or {where}.link is required, and only one of them.")


def check_header(content: Params) -> None:
    """Reject a header without content, and a list message's header that is no text."""
    if (header := content.get("header")) is None:
        return
    kind = header["type"]
    if set(header) != {"type", kind}:
        raise missing(f"The parameter interactive.header.{kind} is required.")
    if content["type"] == "list" and kind != "text":
        raise invalid("Header of a list must be of type text")
    if kind != "text":
        check_source(header[kind], f"interactive.header.{kind}")


def check_buttons(buttons: list[Params]) -> None:
    """Reject buttons with the same id or title."""
    replies = [button["reply"] for button in buttons]
    for name in ("id", "title"):
        if len({reply[name] for reply in replies}) < len(replies):
            raise invalid(f"Duplicated {name} of reply buttons: {name} must be unique")


def check_rows(sections: list[Params]) -> None:
    """Reject a list with more than 10 rows or with identical rows.

    Also reject a list with several sections if one of them has no title.
    """
    rows = [row for section in sections for row in section["rows"]]
    if len(rows) > 10:
        raise invalid(f"Total row count exceed max allowed count: 10, given: {len(rows)}")
    if len({row["id"] for row in rows}) < len(rows):
        raise invalid("Duplicated row id: id must be unique")
    if len({(row["title"], row.get("description")) for row in rows}) < len(rows):
        raise strict("two rows of a list look the same")
    if len(sections) > 1 and not all("title" in section for section in sections):
        raise missing("Section title is required when there is more than one section")
