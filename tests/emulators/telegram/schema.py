"""Check a call against the Bot API's published schema: names, required fields, types, limits."""

from pathlib import Path
from typing import Any

import msgspec

from .text import units
from .wire import Body, Params, Refusal, Upload, bad, strict


class Field(msgspec.Struct, frozen=True):
    """A method's parameter, or a field of a type, as the schema describes it.

    `limit` is (minimum, maximum, unit). `constant` is the only allowed value. The emulator rejects
    calls that use a field with `emulated` false.
    """

    type: str
    required: bool = False
    limit: tuple[int, int, str] | None = None
    constant: str | None = None
    emulated: bool = True


class Schema(msgspec.Struct, frozen=True):
    """The Bot API's schema, reduced by `trim` to what the emulator implements."""

    version: str
    methods: dict[str, dict[str, Field]]
    types: dict[str, dict[str, Field]]
    unions: dict[str, list[str]]
    updates: list[str]


PUBLISHED = Path(__file__).parent.parent / "telegram_schema.json"
SCHEMA = msgspec.json.decode(PUBLISHED.read_bytes(), type=Schema)
NAMES = {name.lower(): name for name in SCHEMA.methods}
TRUE = {"true", "yes", "1"}
FALSE = {"false", "no", "0"}
# Telegram's error texts for a missing parameter (MISSING) or a value outside its limit (OUTSIDE).
# A parameter or field whose text is not known gets a general error.
MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "file_id": "file_id not specified",
    "document": "there is no document in the request",
}
OUTSIDE = {
    "InlineKeyboardButton.callback_data": "BUTTON_DATA_INVALID",
    "answerCallbackQuery.text": "MESSAGE_TOO_LONG",
    "setWebhook.secret_token": "secret token is too long",
    "CopyTextButton.text": "BUTTON_COPY_TEXT_INVALID",
}


def method_named(name: str) -> str:
    """Return the published spelling of a method name; Telegram ignores case."""
    if name.lower() not in NAMES:
        raise Refusal(404, "Not Found: method not found")
    return NAMES[name.lower()]


def check_call(method: str, body: Body) -> Params:
    """Return the parameters with their types; raise Refusal if the schema does not allow them."""
    values, unused_files = attach(body)
    fields = SCHEMA.methods[method]
    if unknown := [name for name in [*values, *unused_files] if name not in fields]:
        raise strict(f"unknown parameter {', '.join(unknown)} of {method}")
    for name, field in fields.items():
        if field.required and values.get(name) in (None, "") and name != "url":
            raise bad(MISSING.get(name, f'parameter "{name}" is required'))
    return {
        name: fits(fields[name], value, f"{method}.{name}")
        for name, raw in values.items()
        if (value := from_text(fields[name].type, raw, name)) is not None
    }


def attach(body: Body) -> tuple[Params, set[str]]:
    """Return the parameters with their uploaded files, and the names of unused uploads.

    A file replaces the text `attach://name` that refers to it, or is the parameter `document`.
    """
    values = dict(body.values)
    unused_files = set(body.files)
    for name, value in body.values.items():
        target = value.removeprefix("attach://") if isinstance(value, str) else ""
        if target != value and target in body.files:
            values[name] = body.files[target]
            unused_files.discard(target)
    for name in unused_files & {"document"}:
        values[name] = body.files[name]
        unused_files.discard(name)
    return values, unused_files


def from_text(kind: str, value: Any, name: str) -> Any:
    """Convert a text parameter to its type; None for an empty text, which counts as absent."""
    if not isinstance(value, str) or kind in ("String", "InputFile", "InputFile or String"):
        return value
    if value == "":
        return None
    match kind:
        case "Integer" | "Integer or String":
            return int(value) if value.removeprefix("-").isdecimal() else value
        case "Boolean" if value.lower() in TRUE | FALSE:
            return value.lower() in TRUE
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError as error:
        raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from error


def fits(field: Field, value: Any, where: str) -> Any:
    """Return the value; raise Refusal if it does not fit the field that `where` names."""
    if not field.emulated:
        raise strict(f"{where} isn't emulated")
    fits_type(field.type, value, where)
    if field.constant is not None and value != field.constant:
        raise bad(f"{where} must be {field.constant}")
    if field.limit is not None:
        fits_limit(field.limit, value, where)
    return value


def fits_type(kind: str, value: Any, where: str) -> None:
    """Reject a value that is not of the published type."""
    match kind, value:
        case ("Integer", bool()) | ("Integer or String", bool()):
            raise strict(f"{where} must be {kind}")
        case ("Integer", int()) | ("String", str()) | ("Boolean", bool()) | ("True", True):
            return
        case ("Integer or String", int() | str()) | ("InputFile or String", Upload() | str()):
            return
        case _, list() if kind.startswith("Array of "):
            for index, one in enumerate(value):
                fits_type(kind.removeprefix("Array of "), one, f"{where}[{index}]")
        case _, dict() if kind[0].isupper() and kind not in ("Integer", "String", "Boolean"):
            fits_object(kind, value, where)
        case _:
            raise strict(f"{where} must be {kind}")


def fits_object(kind: str, value: Params, where: str) -> None:
    """Reject an object with unknown, missing or wrong fields."""
    name = chosen(kind, value, where)
    fields = SCHEMA.types[name]
    for key, field in fields.items():
        if field.required and key not in value:
            raise bad(f'can\'t find field "{key}" in {name}')
    for key, inner in value.items():
        if key not in fields:
            raise strict(f"unknown field {key} of {name} in {where}")
        fits(fields[key], inner, f"{name}.{key}")


def chosen(kind: str, value: Params, where: str) -> str:
    """Return the first type, of those that a union allows, whose fields the object has."""
    names = SCHEMA.unions.get(kind) or kind.split(" or ")
    if len(names) == 1:
        if kind == "InlineKeyboardMarkup" and "inline_keyboard" not in value:
            raise bad("inline keyboard expected")
        return kind
    for name in names:
        fields = SCHEMA.types[name]
        constants = {key: field.constant for key, field in fields.items() if field.constant}
        if all(value.get(key) == constant for key, constant in constants.items()) and all(
            key in value for key, field in fields.items() if field.required
        ):
            return name
    raise strict(f"{where} is none of {', '.join(names)}")


def fits_limit(limit: tuple[int, int, str], value: Any, where: str) -> None:
    """Raise Refusal if the value or its length is outside the limit (minimum, maximum, unit).

    Limits on the text without mark-up are checked later, by the methods.
    """
    minimum, maximum, unit = limit
    match unit:
        case "bytes":
            size = len(value.encode())
        case "characters":
            size = units(value)
        case "identifiers":
            size = len(value)
        case "value":
            size = value
        case _:
            return
    if not minimum <= size <= maximum:
        raise bad(OUTSIDE.get(where, f"{where} must be {minimum}-{maximum} {unit}, not {size}"))
