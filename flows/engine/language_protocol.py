"""What the engine needs to know of languages; `bot.i18n` implements it."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Protocol

from flows.engine.identity_numbers import Identity
from flows.engine.text import Label


class Refusal(StrEnum):
    """Why something typed cannot be an answer; each has its sentence in `questions`."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_LETTERS = "not_letters"
    NOT_LATIN = "not_latin"
    NOT_KAZAKH = "not_kazakh"
    NOT_A_DATE = "not_a_date"
    NOT_A_YEAR = "not_a_year"
    NO_SUCH_DAY = "no_such_day"
    MONTH_FIRST = "month_first"
    TWO_DIGIT_YEAR = "two_digit_year"
    FUTURE = "future"
    TOO_OLD = "too_old"
    NOT_A_NUMBER = "not_a_number"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NOT_A_PHONE = "not_a_phone"
    NOT_DIGITS = "not_digits"
    WRONG_LENGTH = "wrong_length"
    WRONG_CHECK = "wrong_check"
    NO_SUCH_DAY_INSIDE = "no_such_day_inside"
    NOT_CYRILLIC = "not_cyrillic"
    NOT_LATIN_NUMBER = "not_latin_number"
    OLD_RESIDENT_NUMBER = "old_resident_number"
    IS_IIN = "is_iin"
    IS_PINFL = "is_pinfl"
    IS_RESIDENT_NUMBER = "is_resident_number"
    IS_PASSPORT = "is_passport"
    NOT_A_PASSPORT = "not_a_passport"
    ZONE_LINES = "zone_lines"
    ZONE_CHECK = "zone_check"
    NOT_YOURS = "not_yours"
    NOT_LISTED = "not_listed"
    NOT_A_FILE = "not_a_file"


class Letters(StrEnum):
    """The letters that a name is asked in; no name is ever turned into another's letters."""

    ANY = "any"
    LATIN = "latin"
    KAZAKH = "kazakh"


class Reserved(StrEnum):
    """Words and commands that are addressed to the assistant, not to the question.

    The first four are the safety words: as a whole message they always win.
    """

    STOP = "stop"
    EXIT = "exit"
    DELETE = "delete"
    PERSON = "person"
    START = "start"
    MENU = "menu"
    HELP = "help"
    BACK = "back"
    SKIP = "skip"
    LANGUAGE = "language"
    STATUS = "status"
    MYDATA = "mydata"
    NEWS = "news"


SAFETY = frozenset({Reserved.STOP, Reserved.EXIT, Reserved.DELETE, Reserved.PERSON})


class Words(Protocol):
    """Pure readers of what people write, in every written form the assistant knows."""

    def languages(self) -> Sequence[tuple[str, str]]:
        """The languages offered, as (code, the language's own name), in menu order."""
        ...

    def closest(self, hint: str) -> str | None:
        """The offered language for a platform's tag such as `zh-hans`; None when there is none."""
        ...

    def guess(self, typed: str) -> str | None:
        """The offered language that a text is written in; None where nothing tells."""
        ...

    def render(self, label: Label, language: str) -> str:
        """A label or sentence as it is shown in that language."""
        ...

    def same(self, typed: str, shown: str) -> bool:
        """Whether typed words mean a shown label: case, script marks and emoji apart."""
        ...

    def command(self, typed: str) -> tuple[Reserved | None, str] | None:
        """A command such as `/start word`, with what follows; (None, …) is an unknown one."""
        ...

    def reserved(self, typed: str) -> Reserved | None:
        """A whole message that is a reserved word in any language."""
        ...

    def danger(self, typed: str) -> bool:
        """Whether the words speak of danger to the person, so that an officer should see them."""
        ...

    def yes_no(self, typed: str, language: str) -> bool | None:
        """Yes or no in any language; None when it is neither or unclear."""
        ...

    def text(self, typed: str, maximum: int) -> str | Refusal:
        """Free text, cleaned of invisible characters, at most `most` characters long."""
        ...

    def name(self, typed: str, letters: Letters) -> str | Refusal:
        """A person's name with nothing stripped or folded."""
        ...

    def day(self, typed: str, language: str, today: date) -> date | Refusal:
        """A day of the past."""
        ...

    def year(self, typed: str, language: str, today: date) -> int | Refusal:
        """A year of the past, also out of a full date."""
        ...

    def number(self, typed: str, minimum: int, maximum: int) -> int | Refusal:
        """A whole number in digits of any script."""
        ...

    def phone(self, typed: str, region: str | None) -> str | Refusal:
        """A telephone number as E.164."""
        ...

    def identity(self, typed: str, kind: Identity) -> str | Refusal:
        """An identity number that adds up, in digits and capitals without spaces."""
        ...

    def passport(self, typed: str, country: str | None) -> str | Refusal:
        """A passport's number; a country's own series has to be whole."""
        ...

    def zone(self, typed: str) -> str | Refusal:
        """A machine-readable zone that adds up: its lines, in the shape of `identity.ZONE`."""
        ...

    def countries(self, typed: str, language: str) -> Sequence[str]:
        """Countries that were meant, as ISO codes, best first; empty when none is near."""
        ...
