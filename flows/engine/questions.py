"""Question types, and how typed input becomes an answer."""

from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from flows.engine import labels
from flows.engine.conditions import ALWAYS, Answered, AtLeast, Condition, Is
from flows.engine.identity_numbers import (
    ANY_PASSPORT,
    PASSPORTS,
    SHAPES,
    ZONE,
    Identity,
    masked,
    zone_number,
)
from flows.engine.language_protocol import Letters, Refusal, Words
from flows.engine.text import Country, Label, Text, Value, _, button, verbatim


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a question; `key` is the answer, `label` is shown to the person."""

    key: str
    label: Label


@dataclass(frozen=True, slots=True)
class Reading:
    """Context for reading typed input: parsers, language and date."""

    words: Words
    language: str
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to find out.

    `depends` names the questions whose change reopens this one. `rev` rises when the meaning
    changes; `was` lists earlier names. An answer that is not `persisted` is forgotten at consent.
    With `asks_freely`, the answer is a question of the person: it is recognised, not parsed.
    """

    name: str
    label: Text
    text: Text
    help: Text | None = None
    when: Condition = ALWAYS
    depends: tuple[str, ...] = ()
    rev: int = 1
    was: tuple[str, ...] = ()
    skippable: bool = False
    sensitive: bool = False
    persisted: bool = True
    asks_freely: bool = False

    @property
    def options(self) -> tuple[Option, ...]:
        return ()

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        """Return the answer, a refusal, or the options to choose from if several are meant."""
        return Refusal.NOT_LISTED

    def show(self, value: str) -> Label:
        """Return a given answer as it is shown to the person."""
        for option in self.options:
            if option.key == value:
                return option.label
        return Text("{words}", (("words", value),))

    def accepts(self, value: str) -> bool:
        """Return whether a stored answer could still be given today."""
        if self.options:
            return any(option.key == value for option in self.options)
        return bool(value.strip())

    def is_(self, *values: str) -> Condition:
        return Is(self.name, frozenset(values))

    def answered(self) -> Condition:
        return Answered(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Question):
    """A choice of one option."""

    among: tuple[Option, ...] = field(default=())

    @property
    def options(self) -> tuple[Option, ...]:
        return self.among


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiChoice(Question):
    """A choice of several options, toggled until "done"; the answer is their keys with commas."""

    among: tuple[Option, ...]
    done: Text = labels.THAT_IS_ALL

    @property
    def options(self) -> tuple[Option, ...]:
        return self.among

    def ticked(self, chosen: tuple[str, ...]) -> tuple[Option, ...]:
        """Return the options with tick marks, which make labels 2 characters longer."""
        return tuple(
            Option(each.key, _marked("☑" if each.key in chosen else "☐", each.label))
            for each in self.among
        )

    def show(self, value: str) -> Label:
        chosen = [each.label for each in self.among if each.key in value.split(",")]
        return reduce(lambda said, more: _("{said}, {more}", said=said, more=more), chosen)

    def accepts(self, value: str) -> bool:
        return set(value.split(",")) <= {each.key for each in self.among}


def _marked(mark: str, label: Label) -> Text:
    return Text(f"{mark} {{label}}", (("label", label),), "list row<=24")


YES = Option("yes", button("Yes"))
NO = Option("no", button("No"))
UNSURE = Option("unsure", button("Not sure"))


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo(Choice):
    """Yes or no; `UNSURE` can be added where a person may not know."""

    among: tuple[Option, ...] = (YES, NO)

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        said = at.words.yes_no(typed, at.language)
        return Refusal.NOT_LISTED if said is None else "yes" if said else "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeText(Question):
    """Free text of at most `maximum` characters."""

    maximum: int = 500

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        return at.words.text(typed, self.maximum)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName(Question):
    """A part of a name: as in any document, in Latin as in a passport, or in Kazakh."""

    letters: Letters = Letters.ANY

    @property
    def example(self) -> str:
        return "Тестова Гүлнар" if self.letters is Letters.KAZAKH else "TESTOVA GULNAR"

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        return at.words.name(typed, self.letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Question):
    """A day in the past, as an ISO date."""

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        day = at.words.day(typed, at.language, at.today)
        return day if isinstance(day, Refusal) else day.isoformat()

    def show(self, value: str) -> Label:
        return _("{date}", date=date.fromisoformat(value))

    def accepts(self, value: str) -> bool:
        try:
            return date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Year(Question):
    """A year in the past; from a full date only the year is taken."""

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        year = at.words.year(typed, at.language, at.today)
        # Do not ask for a correct day after a wrong one: only the year is stored.
        if year in (Refusal.NOT_A_DATE, Refusal.NO_SUCH_DAY, Refusal.MONTH_FIRST):
            return Refusal.NOT_A_YEAR
        return year if isinstance(year, Refusal) else str(year)

    def accepts(self, value: str) -> bool:
        return len(value) == 4 and value.isdecimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Question):
    """A whole number from `minimum` to `maximum`."""

    minimum: int = 0
    maximum: int = 99

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        number = at.words.number(typed, self.minimum, self.maximum)
        return number if isinstance(number, Refusal) else str(number)

    def accepts(self, value: str) -> bool:
        return value.isdecimal() and self.minimum <= int(value) <= self.maximum

    def at_least(self, minimum: int) -> Condition:
        return AtLeast(self.name, minimum)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryQuestion(Question):
    """A country, typed in any language.

    The `offered` countries are shown as buttons; `others` are options that are no countries.
    """

    offered: tuple[str, ...] = ()
    others: tuple[Option, ...] = ()

    @property
    def options(self) -> tuple[Option, ...]:
        return (*(Option(code, Country(code)) for code in self.offered), *self.others)

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        found = at.words.countries(typed, at.language)
        if len(found) == 1:
            return found[0]
        return tuple(Option(code, Country(code)) for code in found) or Refusal.NOT_LISTED

    def show(self, value: str) -> Label:
        for option in self.others:
            if option.key == value:
                return option.label
        return Country(value)

    def accepts(self, value: str) -> bool:
        country = len(value) == 2 and value.isascii() and value.isupper()
        return country or any(option.key == value for option in self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone(Question):
    """The person's own telephone number, in E.164 format."""

    region: str | None = None

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        return at.words.phone(typed, self.region)

    def accepts(self, value: str) -> bool:
        return value.startswith("+") and value[1:].isdecimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNumber(Question):
    """A number that a state gave to the person; only its last 4 characters are shown again."""

    kind: Identity
    sensitive: bool = True

    @property
    def example(self) -> str:
        return SHAPES[self.kind].example

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        return at.words.identity(typed, self.kind)

    def show(self, value: str) -> Label:
        return verbatim(masked(value, 4))

    def accepts(self, value: str) -> bool:
        return SHAPES[self.kind].fits(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportNumber(Question):
    """A passport number; `country` (ISO 3166) is the country that issued it, if known."""

    country: str | None = None
    sensitive: bool = True

    @property
    def example(self) -> str:
        return PASSPORTS.get(self.country or "", ANY_PASSPORT).example

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        return at.words.passport(typed, self.country)

    def show(self, value: str) -> Label:
        return verbatim(masked(value, 2))

    def accepts(self, value: str) -> bool:
        known = PASSPORTS.get(self.country or "", ANY_PASSPORT)
        return known.fits(value) or ANY_PASSPORT.fits(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mrz(Question):
    """The machine-readable zone of a passport or card, as its lines."""

    sensitive: bool = True

    @property
    def example(self) -> str:
        return ZONE.example

    def read(self, typed: str, at: Reading) -> str | Refusal | tuple[Option, ...]:
        return at.words.zone(typed)

    def show(self, value: str) -> Label:
        return verbatim(masked(zone_number(value), 2))

    def accepts(self, value: str) -> bool:
        return ZONE.fits(value)


FOUR_DIGITS = _("Please write the year with four digits. Example: 1990")
REFUSALS: dict[Refusal, Text] = {
    Refusal.EMPTY: _("Please write an answer or use a button."),
    Refusal.TOO_LONG: _("That is too long. Please keep it under {most} characters."),
    Refusal.NOT_LETTERS: _(
        "Please use letters only, without digits or pictures. Example: {example}"
    ),
    Refusal.NOT_LATIN: _("Please write it in Latin letters, as in the passport. Example: TESTOVA"),
    Refusal.NOT_KAZAKH: _(
        "Please write it in Kazakh: in Cyrillic, Arabic or Latin letters. Example: {example}"
    ),
    Refusal.NOT_A_DATE: _("I cannot read this date. Example: 07.02.1990"),
    Refusal.NO_SUCH_DAY: _("This date does not exist. Example: 07.02.1990"),
    Refusal.MONTH_FIRST: _(
        "Please write the day first, then the month and the year. Example: 07.02.1990"
    ),
    Refusal.NOT_A_YEAR: FOUR_DIGITS,
    Refusal.TWO_DIGIT_YEAR: FOUR_DIGITS,
    Refusal.FUTURE: _("This date is in the future. Example: 1990"),
    Refusal.TOO_OLD: _("This year is before 1900. Example: 1990"),
    Refusal.NOT_A_NUMBER: _("Please write a number in digits. Example: 3"),
    Refusal.TOO_SMALL: _("This number is too small. The least is {least}."),
    Refusal.TOO_LARGE: _("This number is too large. The most is {most}."),
    Refusal.NOT_A_PHONE: _(
        "I cannot read this phone number. Please write it with the country code."
        " Example: +7 700 000 00 00"
    ),
    Refusal.NOT_DIGITS: _(
        "Please write digits only. Did you write the letter O instead of a zero? Please "
        "compare with the document. Example: {example}"
    ),
    Refusal.WRONG_LENGTH: _(
        "The number should have {length} characters. Please compare it with the document. "
        "Example: {example}"
    ),
    Refusal.WRONG_CHECK: _(
        "There seems to be a mistake in the number. Please compare it with the document. "
        "Example: {example}"
    ),
    Refusal.NO_SUCH_DAY_INSIDE: _(
        "The date of birth inside this number does not exist. Please compare it with the document."
        " Example: {example}"
    ),
    Refusal.NOT_CYRILLIC: _(
        "Please write the two letters at the beginning in Cyrillic, as in the document."
        " Example: {example}"
    ),
    Refusal.NOT_LATIN_NUMBER: _(
        "Please write the letters of the number in Latin, as in the passport. Example: {example}"
    ),
    Refusal.OLD_RESIDENT_NUMBER: _(
        "This is the old number with 15 digits. Please write the one with 18 characters, from your"
        " present card. Example: {example}"
    ),
    Refusal.IS_IIN: _(
        "Is this your IIN? We ask for something else here: {label}. Example: {example}"
    ),
    Refusal.IS_PINFL: _(
        "Is this your PINFL (JShShIR)? We ask for something else here: {label}. Example: {example}"
    ),
    Refusal.IS_RESIDENT_NUMBER: _(
        "Is this the number of your Chinese identity card? We ask for something else here: "
        "{label}. Example: {example}"
    ),
    Refusal.IS_PASSPORT: _(
        "Is this the number of your passport? We ask for something else here: {label}. "
        "Example: {example}"
    ),
    Refusal.NOT_A_PASSPORT: _(
        "I cannot read this passport number. A passport number has Latin letters and digits, "
        "mostly nine together. Example: {example}"
    ),
    Refusal.ZONE_LINES: _(
        "Please copy all the lines with the signs < from the document. There are two or "
        "three; write each on a separate line. Example:\n"
        "{example}"
    ),
    Refusal.ZONE_CHECK: _(
        "There seems to be a mistake in one of the lines. The letter O and the digit 0 look "
        "alike. Please compare the lines with the document. Example:\n"
        "{example}"
    ),
    Refusal.NOT_YOURS: _("This is somebody else's contact. Please share your own number."),
    Refusal.NOT_LISTED: _("I did not find that. Please choose a button or write it again."),
    Refusal.NOT_A_FILE: _("Please send a photo or a PDF of the paper; text is not enough here."),
}


def explain(refusal: Refusal, question: Question) -> Text:
    """Return the sentence for a refusal, with the question's limits and example filled in.

    A question may have its own sentence, `unlisted`, for input that it does not list.
    """
    example: str = getattr(question, "example", "")
    values: dict[str, Value] = {
        "most": getattr(question, "maximum", 100),
        "least": getattr(question, "minimum", 0),
        "label": question.label,
        "length": len(example),
        "example": example,
    }
    own: Text | None = getattr(question, "unlisted", None)
    text = own if own is not None and refusal is Refusal.NOT_LISTED else REFUSALS[refusal]
    used = tuple((name, value) for name, value in values.items() if f"{{{name}}}" in text.msgid)
    return Text(text.msgid, used)
