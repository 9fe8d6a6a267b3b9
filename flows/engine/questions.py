"""Types of questions, and the conversion of typed input to an answer."""

from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from flows.engine import labels
from flows.engine.conditions import ALWAYS, Answered, Condition, Is
from flows.engine.identity_numbers import (
    ANY_PASSPORT,
    PASSPORTS,
    SHAPES,
    ZONE,
    Identity,
    masked,
    zone_number,
)
from flows.engine.language_protocol import Letters, Refusal
from flows.engine.options import AgeGroups, Option, Periods, Places, Reading, TypedAnswer
from flows.engine.text import Country, Label, Text, _, button, verbatim


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a flow.

    The question is asked again if the answer to a question in `depends` changes. `rev` is
    incremented when the meaning of the question changes. `former_names` are earlier names of the
    question. The answer is deleted at the next consent, unless the question is `persisted`. With
    `asks_freely`, the person answers with a question of their own, which is recognized and not
    parsed. With `by_position`, a typed number chooses the option at this position. It is False if a
    person may type a number as the answer itself, such as an age, a period or a count.
    """

    name: str
    label: Text
    text: Text
    help: Text | None = None
    when: Condition = ALWAYS
    depends: tuple[str, ...] = ()
    rev: int = 1
    former_names: tuple[str, ...] = ()
    skippable: bool = False
    sensitive: bool = False
    persisted: bool = True
    asks_freely: bool = False
    by_position: bool = True

    @property
    def options(self) -> tuple[Option, ...]:
        return ()

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        """Return what a typed text means as an answer to this question."""
        return Refusal.NOT_LISTED

    def show(self, value: str) -> Label:
        """Return a stored answer as the label that the person sees."""
        for option in self.options:
            if option.key == value:
                return option.label
        return Text("{words}", (("words", value),))

    def accepts(self, value: str) -> bool:
        """Return True if a stored answer is still valid for this version of the question."""
        if self.options:
            return any(option.key == value for option in self.options)
        return bool(value.strip())

    def is_(self, *values: str) -> Condition:
        return Is(self.name, frozenset(values))

    def answered(self) -> Condition:
        return Answered(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Question):
    """A question with options; with `typed_as`, a typed age, period or country is read, too."""

    among: tuple[Option, ...] = field(default=())
    typed_as: AgeGroups | Periods | Places | None = None

    @property
    def options(self) -> tuple[Option, ...]:
        return self.among

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        if self.typed_as is None:
            return Refusal.NOT_LISTED
        return self.typed_as.read(typed, reading, self.among)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiChoice(Question):
    """A choice of several options, toggled until "done"; the answer is keys, comma-separated."""

    among: tuple[Option, ...]
    done: Text = labels.THAT_IS_ALL

    @property
    def options(self) -> tuple[Option, ...]:
        return self.among

    def ticked(self, chosen: tuple[str, ...]) -> tuple[Option, ...]:
        """Return the options with a checkbox before each label, ticked for each key in `chosen`."""
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
    """A question to answer with yes or no; `UNSURE` can be a third option.

    With `from_age`, the person's own typed age is an answer, too: yes from this age on. With
    `within_days`, a typed period of at most so many days means yes.
    """

    among: tuple[Option, ...] = (YES, NO)
    from_age: int | None = None
    within_days: int | None = None

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        if self.within_days is not None:
            days = reading.words.duration(typed)
            if days is not None and days <= self.within_days:
                return "yes"
        # The digits 1 and 2 also mean yes and no, by the position of these options.
        if not self.by_position and any(map(str.isdigit, typed)):
            return Refusal.NOT_LISTED
        is_yes = reading.words.yes_no(typed, reading.language)
        if is_yes is None and self.from_age is not None:
            age = reading.words.age(typed, is_own=True)
            is_yes = None if age is None else age >= self.from_age
        return Refusal.NOT_LISTED if is_yes is None else "yes" if is_yes else "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeText(Question):
    """A question to answer with free text of at most `maximum` characters.

    `resembles` are intents that the recognizer may wrongly find in an answer, such as a place name.
    """

    maximum: int = 500
    resembles: tuple[str, ...] = ()

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        return reading.words.text(typed, self.maximum)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName(Question):
    """A question for a part of a person's name.

    `letters` requires Latin letters, as in a passport, or Kazakh ones, or allows any letters.
    """

    letters: Letters = Letters.ANY

    @property
    def example(self) -> str:
        return "Тестова Гүлнар" if self.letters is Letters.KAZAKH else "TESTOVA GULNAR"

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        return reading.words.name(typed, self.letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Question):
    """A question for a past day; the answer is an ISO date."""

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        day = reading.words.day(typed, reading.language, reading.today)
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
    """A question for a past year; if a full date is typed, its year is the answer."""

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        year = reading.words.year(typed, reading.language, reading.today)
        # Only the year is stored. A wrong full date is therefore refused with a request for the
        # year, and not for a correct date.
        if year in (Refusal.NOT_A_DATE, Refusal.NO_SUCH_DAY, Refusal.MONTH_FIRST):
            return Refusal.NOT_A_YEAR
        return year if isinstance(year, Refusal) else str(year)

    def accepts(self, value: str) -> bool:
        return len(value) == 4 and value.isdecimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Question):
    """A question for a whole number from `minimum` to `maximum`.

    With `counts_people`, the number may be typed with a word for people, as in "5 people".
    """

    minimum: int = 0
    maximum: int = 99
    counts_people: bool = False

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        parse = reading.words.people if self.counts_people else reading.words.number
        number = parse(typed, self.minimum, self.maximum)
        return number if isinstance(number, Refusal) else str(number)

    def accepts(self, value: str) -> bool:
        return value.isdecimal() and self.minimum <= int(value) <= self.maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryQuestion(Question):
    """A question for a country, typed in any language; the answer is its ISO code or a key.

    The `offered` countries are buttons. `others` are options that are not countries; their key is
    the answer.
    """

    offered: tuple[str, ...] = ()
    others: tuple[Option, ...] = ()

    @property
    def options(self) -> tuple[Option, ...]:
        return (*(Option(code, Country(code)) for code in self.offered), *self.others)

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        found = reading.words.countries(typed, reading.language)
        if isinstance(found, str):
            return found
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
    """A question for the person's own telephone number; the answer has E.164 format."""

    region: str | None = None

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        return reading.words.phone(typed, self.region)

    def accepts(self, value: str) -> bool:
        return value.startswith("+") and value[1:].isdecimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNumber(Question):
    """A question for an identity number; only its last 4 characters are shown again."""

    kind: Identity
    sensitive: bool = True

    @property
    def example(self) -> str:
        return SHAPES[self.kind].example

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        return reading.words.identity(typed, self.kind)

    def show(self, value: str) -> Label:
        return verbatim(masked(value, 4))

    def accepts(self, value: str) -> bool:
        return SHAPES[self.kind].fits(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportNumber(Question):
    """A question for a passport number; `country` (ISO 3166) is the issuing country, if known."""

    country: str | None = None
    sensitive: bool = True

    @property
    def example(self) -> str:
        return PASSPORTS.get(self.country or "", ANY_PASSPORT).example

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        return reading.words.passport(typed, self.country)

    def show(self, value: str) -> Label:
        return verbatim(masked(value, 2))

    def accepts(self, value: str) -> bool:
        known = PASSPORTS.get(self.country or "", ANY_PASSPORT)
        return known.fits(value) or ANY_PASSPORT.fits(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mrz(Question):
    """A question for the machine-readable zone of a passport or card; the answer is its lines."""

    sensitive: bool = True

    @property
    def example(self) -> str:
        return ZONE.example

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        return reading.words.zone(typed)

    def show(self, value: str) -> Label:
        return verbatim(masked(zone_number(value), 2))

    def accepts(self, value: str) -> bool:
        return ZONE.fits(value)


def is_parsed(question: Question | None) -> bool:
    """Return True if a valid answer is a date, number, age, period or place, and says no more.

    A valid answer to this question cannot also speak of danger.
    """
    if isinstance(question, YesNo):
        return question.from_age is not None
    has_type = isinstance(question, Choice) and question.typed_as is not None
    return has_type or isinstance(question, Day | Year | Number)
