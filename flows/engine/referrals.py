"""Referrals by organizations: a code, and the consent to be counted for the organization."""

import re
from dataclasses import dataclass

_CODE = re.compile(r"\s*REF[-_\s]?([2-9A-Z]{4})[-_\s]?([2-9A-Z]{4})\s*", re.ASCII | re.IGNORECASE)


def read_code(text: str) -> str:
    """Return the referral code if the whole text is one, else ""."""
    found = _CODE.fullmatch(text)
    return f"REF-{found[1]}-{found[2]}".upper() if found else ""


@dataclass(frozen=True)
class Referral:
    """A referral whose link or code the person used; `agreed`: the person agreed to be counted."""

    code: str
    name: str
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class FindReferrer:
    """Look up the organization that a referral code belongs to; the result is a `ReferrerFound`."""

    code: str


@dataclass(frozen=True, slots=True)
class ReferrerFound:
    """The organization's name for a referral code; "" if the code is unknown or has expired."""

    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CountReferral:
    """Add one to the number of registrations by a referral code, without data of the person."""

    code: str


type ReferralEffect = FindReferrer | CountReferral
