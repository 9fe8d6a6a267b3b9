"""Interface to the languages' texts and parsers that the engine needs.

`bot.i18n` implements it.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Protocol

from flows.engine.identity_numbers import Identity
from flows.engine.text import Label


class Refusal(StrEnum):
    """Reasons why typed input is not accepted as an answer; `refusals` has a sentence for each."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_LETTERS = "not_letters"
    NOT_A_NAME = "not_a_name"
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
    """The script in which a name must be typed. Names are never transliterated."""

    ANY = "any"
    LATIN = "latin"
    KAZAKH = "kazakh"


class Reserved(StrEnum):
    """Words and commands that address the assistant and do not answer a question.

    The first four members are the safety words. If one of them is the whole message, it takes
    precedence over an answer.
    """

    STOP = "stop"
    EXIT = "exit"
    DELETE = "delete"
    PERSON = "person"
    START = "start"
    MENU = "menu"
    HELP = "help"
    BACK = "back"
    CANCEL = "cancel"
    SKIP = "skip"
    LANGUAGE = "language"
    STATUS = "status"
    MYDATA = "mydata"
    NEWS = "news"
    WORDING = "wording"
    LINK = "link"


SAFETY = frozenset({Reserved.STOP, Reserved.EXIT, Reserved.DELETE, Reserved.PERSON})


class Words(Protocol):
    """Pure functions that render texts and parse typed text, in every supported written form."""

    def languages(self) -> Sequence[tuple[str, str]]:
        """Return the offered languages in menu order, each as (code, the language's own name)."""
        ...

    def closest(self, hint: str) -> str | None:
        """Return the offered language that fits a tag such as `zh-hans`; None if none fits."""
        ...

    def language(self, typed: str) -> str | None:
        """Return the offered language whose name, in any language, is the whole text; or None."""
        ...

    def guess(self, typed: str) -> str | None:
        """Return the offered language in which a text is written; None if this is uncertain."""
        ...

    def written(self, typed: str, language: str) -> str | None:
        """Return the offered language in which a text is certainly written, unless `language`.

        A text in another script of `language` gives None, unless it is Kazakh in Arabic script.
        """
        ...

    def foreign_lines(self, typed: str, *, is_danger: bool) -> tuple[str, ...]:
        """Return sentences in the language of a text if this language is certainly not offered.

        The sentences name the offered languages; if `is_danger`, they also tell how to ask for an
        officer. Returns () for a text that may be in an offered language.
        """
        ...

    def render(self, label: Label, language: str) -> str:
        """Return a label or sentence in the given language."""
        ...

    def same(self, typed: str, shown: str) -> bool:
        """Return True if a text equals a label, ignoring case, punctuation and emoji."""
        ...

    def half(self, typed: str, shown: str, language: str) -> bool:
        """Return True if a text is one of the two names in a label such as "Son or daughter".

        `language` is the language of the label.
        """
        ...

    def options(self, typed: str, question: str) -> frozenset[str]:
        """Return the keys of the options that everyday words mean at a question of this name.

        An example is "переезд" for the option "Move there to live". Returns nothing for other
        texts.
        """
        ...

    def resembles(self, typed: str, shown: str) -> bool:
        """Return True if a few typed words are, in other grammatical forms, words of a label."""
        ...

    def everyday(self, typed: str) -> bool:
        """Return True if the whole text is an everyday answer, such as kin or "at home"."""
        ...

    def tired(self, typed: str) -> bool:
        """Return True if the whole text says that the person is tired, as in "I am tired"."""
        ...

    def command(self, typed: str) -> tuple[Reserved | None, str] | None:
        """Return the reserved word and the argument of a command such as `/start word`.

        The reserved word is None for an unknown command. Returns None for a text that is no
        command.
        """
        ...

    def reserved(self, typed: str) -> Reserved | None:
        """Return the reserved word that is the whole message, in any language, else None."""
        ...

    def danger(self, typed: str) -> bool:
        """Return True if a text contains a phrase of danger, so that an officer should see it."""
        ...

    def danger_intent(self, typed: str) -> str | None:
        """Return the kind of danger (an intent id) in a text, if its language is not offered.

        Return "" for danger of an uncertain kind, and None without danger or for an offered
        language.
        """
        ...

    def confirms(self, typed: str) -> bool:
        """Return True if a text means "everything is right", also after a yes, in any language."""
        ...

    def rejects(self, typed: str) -> bool:
        """Return True if a text means "that is wrong", also after a no, in any language."""
        ...

    def yes_no(self, typed: str, language: str) -> bool | None:
        """Return True for a yes and False for a no, in any language; None for any other text."""
        ...

    def after_no(self, typed: str, language: str) -> str:
        """Return the text after "no" and punctuation, as in "no, 1987"; "" if there is none."""
        ...

    def after_yes_or_no(self, typed: str, language: str) -> tuple[bool, str] | None:
        """Split a text that begins with yes (True) or no (False) into this answer and the rest.

        Returns None if the text begins with neither.
        """
        ...

    def nothing(self, typed: str, language: str) -> bool:
        """Return True if a text means "there is none", as in "no" or "I have no patronymic"."""
        ...

    def declines(self, typed: str) -> bool:
        """Return True if the whole message means "I do not want to answer" or "I do not know"."""
        ...

    def refuses(self, typed: str) -> bool:
        """Return True if the whole message means "I do not want" or "it is not needed"."""
        ...

    def acknowledges(self, typed: str, language: str) -> bool:
        """Return True if the whole message means "yes", "no", "good" or "no more questions".

        Also return True if it only says that a relative writes for the person.
        """
        ...

    def asks_next_step(self, typed: str) -> bool:
        """Return True if the whole text means "what should I do now?" or "who can help me?"."""
        ...

    def asks_to_repeat(self, typed: str) -> bool:
        """Return True if the whole text means "please repeat" or "I did not understand"."""
        ...

    def doubts(self, typed: str) -> bool:
        """Return True if the whole text means "is it true?" or "how do you know?"."""
        ...

    def asks(self, typed: str) -> bool:
        """Return True if a text is worded as a question, in any language."""
        ...

    def text(self, typed: str, maximum: int) -> str | Refusal:
        """Return a text without invisible characters.

        Returns a refusal if the text is empty or has more than `maximum` characters.
        """
        ...

    def name(self, typed: str, letters: Letters) -> str | Refusal:
        """Return a person's name in exactly the characters that were typed, or a refusal."""
        ...

    def day(self, typed: str, language: str, today: date) -> date | Refusal:
        """Return the past day that a text names, or a refusal."""
        ...

    def year(self, typed: str, language: str, today: date) -> int | Refusal:
        """Return the past year that a text names, also by a full date, or a refusal."""
        ...

    def number(self, typed: str, minimum: int, maximum: int) -> int | Refusal:
        """Return a whole number typed in digits of any script; a refusal if it is out of range."""
        ...

    def people(self, typed: str, minimum: int, maximum: int) -> int | Refusal:
        """Return the number in a text such as "5" or "5 people", or a refusal as `number` does."""
        ...

    def age(self, typed: str, *, is_own: bool = False) -> int | None:
        """Return the age in whole years that a text such as "4 years" names; None if it is none.

        A number alone counts as years. With `is_own`, the text may be "I am 30".
        """
        ...

    def duration(self, typed: str) -> int | None:
        """Return the number of days that a text such as "5 years" names; None if it names none.

        A month counts as 30 days. A number without a unit names none.
        """
        ...

    def days_until(self, typed: str, today: date) -> tuple[int, int] | None:
        """Return the days until a coming year, season or month begins and ends; None if none."""
        ...

    def position(self, typed: str, count: int) -> int | None:
        """Return the position, from 1 to `count`, that an ordinal such as "the second one" names.

        Returns None for any other text, and for a number alone.
        """
        ...

    def phone(self, typed: str, region: str | None) -> str | Refusal:
        """Return a telephone number in E.164 format, or a refusal.

        `region` is the country for a number that was typed without a country code.
        """
        ...

    def mobile(self, typed: str, countries: Sequence[str]) -> str | Refusal:
        """Return a mobile number of one of `countries` in E.164 format, or a refusal."""
        ...

    def identity(self, typed: str, kind: Identity) -> str | Refusal:
        """Return an identity number of this kind, without spaces and in capitals, or a refusal.

        The check digits of a returned number are valid.
        """
        ...

    def passport(self, typed: str, country: str | None) -> str | Refusal:
        """Return a passport number of `country`, or a refusal.

        A number of the country's current series must have the complete length.
        """
        ...

    def zone(self, typed: str) -> str | Refusal:
        """Return the lines of a machine-readable zone with valid check digits, or a refusal.

        The format of the lines is `identity_numbers.ZONE`.
        """
        ...

    def countries(self, typed: str, language: str) -> str | Sequence[str]:
        """Return the ISO code of the country that a text surely names.

        Otherwise, return the codes of the countries that it may name, best first; empty if none.
        """
        ...

    def whereabouts(self, typed: str, language: str) -> str | Sequence[str]:
        """Return the country where the person surely is, as in "I am in Almaty".

        Otherwise, return the codes of the possible countries, as `countries` does.
        """
        ...
