"""A household links a registration with those of family members: state, effects, events."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

type HouseholdWrite = Literal["invite", "join", "leave"]

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
# Cyrillic letters that look like Latin ones. People type them in a code when a Cyrillic keyboard is
# active.
_LOOKALIKES = str.maketrans("АВЕКМНРСТУХ", "ABEKMHPCTYX")


def read_household_code(text: str) -> str:
    """Return the household code if the whole text is one, else ""."""
    letters = (str(unicodedata.decimal(each, each)) for each in unicodedata.normalize("NFKC", text))
    code = "".join("".join(letters).upper().translate(_LOOKALIKES).replace("-", " ").split())
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) else ""


def shown_code(code: str) -> str:
    """Return a household code in two groups of characters, which are easier to read."""
    return f"{code[:5]}-{code[5:]}"


@dataclass(frozen=True)
class HouseholdLink:
    """A registration's link to a household; `code` is valid until the end of the day `code_until`.

    `pending` is a change that the registry has not confirmed yet. `refusal` is the reason why the
    registry rejected the last change.
    """

    is_linked: bool = False
    pending: HouseholdWrite | None = None
    refusal: str = ""
    code: str = field(default="", repr=False)
    code_until: date | None = None


@dataclass(frozen=True, slots=True)
class CheckHouseholdCode:
    """Count an attempt to enter a household code; the result is a `HouseholdCodeChecked`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HouseholdCodeChecked:
    """The result of a `CheckHouseholdCode`: whether the person had an attempt left."""

    is_granted: bool


@dataclass(frozen=True, slots=True)
class ChangeHousehold:
    """Ask the registry for a household code, or to join or leave a household."""

    write: HouseholdWrite
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HouseholdAnswered:
    """The registry's response to a `ChangeHousehold`; `refusal` is the reason if it is rejected."""

    write: HouseholdWrite
    refusal: Literal["", "unknown_code", "refused"] = ""
    is_linked: bool = False
    code: str = field(default="", repr=False)
    code_until: date | None = None


type HouseholdEffect = CheckHouseholdCode | ChangeHousehold
type HouseholdEvent = HouseholdCodeChecked | HouseholdAnswered
