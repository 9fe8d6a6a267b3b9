"""Strict JSON decoding of external input: rejects JSON that two parsers may read differently."""

import json
import math
from typing import Any, NoReturn

import msgspec

from bot.channels import Unreadable

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def read(body: bytes) -> Any:
    """Decode a JSON body; lone surrogates are replaced by U+FFFD.

    Raises Unreadable: E_EMPTY, E_ENCODING, E_JSON, E_DEPTH, E_NUMBER, or E_DUPKEY for a duplicate
    key in an object at any level.
    """
    try:
        value = _decode(body)
        # msgspec drops duplicate keys silently, so the re-encoded value has fewer colons than the
        # body. Equal counts of colons mean that no key was dropped, unless the body has a colon
        # written as \u003a.
        if b"\\u003" not in body and body.count(b":") == _encode(value).count(b":"):
            return value
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, OverflowError):
        pass
    return _read_slowly(_text(body))


def convert[T](value: Any, shape: type[T]) -> T:
    """Convert a decoded value to the type `shape`, and check that it has this type.

    Raises Unreadable: E_NUMBER for an invalid integer, otherwise E_SHAPE.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise Unreadable(
            "E_NUMBER" if str(error).startswith("Expected `int") else "E_SHAPE"
        ) from None


def _text(body: bytes) -> str:
    if not body.strip():
        raise Unreadable("E_EMPTY")
    # UTF-16 JSON contains zero bytes, which UTF-8 JSON never does.
    if body.startswith(b"\xef\xbb\xbf") or b"\0" in body:
        raise Unreadable("E_ENCODING")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Unreadable("E_ENCODING") from None


def _read_slowly(text: str) -> Any:
    """Parse with the standard library, to find the exact error in JSON that msgspec rejects.

    Raises Unreadable.
    """
    try:
        whole = json.dumps(_load(text), ensure_ascii=False)
        return _load(whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    except RecursionError:
        raise Unreadable("E_DEPTH") from None
    except json.JSONDecodeError:
        raise Unreadable("E_JSON") from None
    except ValueError:  # an integer of more digits than Python converts
        raise Unreadable("E_NUMBER") from None


def _load(text: str) -> Any:
    return json.loads(
        text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_number
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("E_DUPKEY")
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _no_number(_: str) -> NoReturn:
    raise Unreadable("E_NUMBER")
