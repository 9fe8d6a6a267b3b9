"""Link of a registration to a household: its state, effects and events."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

type HouseholdWrite = Literal["invite", "join", "leave"]

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
# Cyrillic letters that look like Latin ones, for a code that is typed on a Cyrillic keyboard.
_LOOKALIKES = str.maketrans("АВЕКМНРСТУХ", "ABEKMHPCTYX")


def read_household_code(text: str) -> str:
    """Return the code that a text consists of, or "" for any other text."""
    letters = (str(unicodedata.decimal(each, each)) for each in unicodedata.normalize("NFKC", text))
    code = "".join("".join(letters).upper().translate(_LOOKALIKES).replace("-", " ").split())
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) else ""


def shown_code(code: str) -> str:
    """Return a code in two groups, as people read it."""
    return f"{code[:5]}-{code[5:]}"


@dataclass(frozen=True)
class HouseholdLink:
    """The known link of a registration: a code counts until the end of `code_until`.

    `pending` is a write on its way to the registry, `refusal` why the last one was refused.
    """

    is_linked: bool = False
    pending: HouseholdWrite | None = None
    refusal: str = ""
    code: str = field(default="", repr=False)
    code_until: date | None = None


@dataclass(frozen=True, slots=True)
class CheckHouseholdCode:
    """Take one of the person's tries with a code; the result is a `HouseholdCodeChecked`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HouseholdCodeChecked:
    """The result of a `CheckHouseholdCode`: whether a try was left."""

    is_granted: bool


@dataclass(frozen=True, slots=True)
class ChangeHousehold:
    """Ask the registry for a code, join the household of a code, or leave it."""

    write: HouseholdWrite
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HouseholdSettled:
    """The registry's answer to a `ChangeHousehold`; `refusal` is "" if it was accepted."""

    write: HouseholdWrite
    refusal: Literal["", "unknown_code", "refused"] = ""
    is_linked: bool = False
    code: str = field(default="", repr=False)
    code_until: date | None = None


type HouseholdEffect = CheckHouseholdCode | ChangeHousehold
type HouseholdEvent = HouseholdCodeChecked | HouseholdSettled
