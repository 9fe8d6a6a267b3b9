"""Invitations of organisations that refer people: a code, and a consent to be counted for it."""

import re
from dataclasses import dataclass

_CODE = re.compile(r"\s*REF[-_\s]?([2-9A-Z]{4})[-_\s]?([2-9A-Z]{4})\s*", re.ASCII | re.IGNORECASE)


def read_code(text: str) -> str:
    """Return the code that a text consists of, or "" for any other text."""
    found = _CODE.fullmatch(text)
    return f"REF-{found[1]}-{found[2]}".upper() if found else ""


@dataclass(frozen=True)
class Referral:
    """An invitation that the person opened; `agreed`: they may be counted for it."""

    code: str
    name: str
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class FindReferrer:
    """Look up the organisation of a code; the result is a `ReferrerFound`."""

    code: str


@dataclass(frozen=True, slots=True)
class ReferrerFound:
    """The name of the organisation of a code, "" if the invitation has ended."""

    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CountReferral:
    """Add one to the registrations through the code; nothing about the person is kept with it."""

    code: str


type ReferralEffect = FindReferrer | CountReferral
