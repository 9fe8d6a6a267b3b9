"""JSON from outside, in a form that every parser reads alike."""

import json
import math
from typing import Any, NoReturn

import msgspec

from bot.channels import Unreadable

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def sound(body: bytes) -> bytes:
    """The body itself, or a clean copy where it held half a surrogate pair (now U+FFFD).

    Raises Unreadable: E_EMPTY, E_ENCODING, E_JSON, E_DEPTH, E_NUMBER, E_DUPKEY (a key twice in one
    object, at any level). Rules: security.md 5.5, rows 9 to 18.
    """
    try:
        if _has_no_key_twice(body):
            return body
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, OverflowError):
        pass
    return _mended(body)


def decoded[T](decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """A sound body as a value; Unreadable E_NUMBER for a bad whole number, else E_SHAPE."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable("E_NUMBER" if "`int`" in str(error) else "E_SHAPE") from None


def _has_no_key_twice(body: bytes) -> bool:
    """False means "perhaps not".

    Of a key that comes twice one is lost in decoding, so that the encoded copy has fewer `":` than
    the body. Other spellings of these two characters could make up for it: they are left to the
    slower reader.
    """
    return (
        b" :" not in body
        and b"\n:" not in body
        and b"\t:" not in body
        and b"\r:" not in body
        and b"\\u0022" not in body
        and b"\\u003" not in body
        and body.count(b'":') == _encode(_decode(body)).count(b'":')
    )


def _mended(body: bytes) -> bytes:
    text = _text(body)
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_number
        )
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        raise Unreadable("E_DEPTH") from None
    except json.JSONDecodeError:
        raise Unreadable("E_JSON") from None
    except ValueError:  # a whole number of thousands of digits
        raise Unreadable("E_NUMBER") from None
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _text(body: bytes) -> str:
    if not body.strip():
        raise Unreadable("E_EMPTY")
    # UTF-16 of any kind has a zero byte, which JSON in UTF-8 never has.
    if body.startswith(b"\xef\xbb\xbf") or b"\0" in body:
        raise Unreadable("E_ENCODING")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Unreadable("E_ENCODING") from None


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
