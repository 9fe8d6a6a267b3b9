"""Languages and scripts of the assistant: renders its texts, and parses texts that people type."""

import re
from collections.abc import Sequence
from datetime import date

from bot.i18n import (
    ages,
    bidi,
    birth_years,
    catalogues,
    countries,
    crisis_patterns,
    crisis_words,
    durations,
    everyday_answers,
    foreign_crisis_words,
    foreign_languages,
    future_times,
    identity_numbers,
    label_matching,
    language_guess,
    language_names,
    mrz,
    name_words,
    normalization,
    option_words,
    ordinals,
    parsers,
    people_counts,
    question_words,
    reserved_words,
    review_words,
    small_talk,
    whereabouts,
    writing_helpers,
)
from bot.i18n.rendering import Rendering
from flows.engine.identity_numbers import Identity
from flows.engine.language_protocol import Letters, Refusal, Reserved
from flows.engine.text import Label

NAMES = {
    "kk": "Қазақша",
    "kk_Arab": "قازاقشا",
    "ru": "Русский",
    "zh_Hans": "中文",
    "uz": "Oʻzbekcha",
    "uz_Cyrl": "Ўзбекча",
}
TAGS = {"zh_Hans": "zh-Hans", "kk_Arab": "kk-Arab", "uz_Cyrl": "uz-Cyrl"}
# The ISO 15924 script code of each language.
SCRIPTS = {
    "kk": "Cyrl",
    "kk_Arab": "Arab",
    "ru": "Cyrl",
    "zh_Hans": "Hans",
    "uz": "Latn",
    "uz_Cyrl": "Cyrl",
}
COMMAND = re.compile(r"/([a-z_]{1,32})(?:@\w+)?(?:\s+(\S.*))?", re.IGNORECASE | re.DOTALL)


class Languages:
    """Implements `Words`, the flow engine's interface to languages; one object per process."""

    def __init__(self, codes: Sequence[str] = tuple(NAMES)) -> None:
        self._codes = tuple(codes)
        self._renderings = {code: Rendering(code, catalogues.messages(code)) for code in codes}
        self._english = Rendering("en", {})

    def languages(self) -> Sequence[tuple[str, str]]:
        return tuple((code, NAMES[code]) for code in self._codes)

    def closest(self, hint: str) -> str | None:
        language, script = _language_and_script(hint)
        candidates = [code for code in self._codes if code.partition("_")[0] == language]
        read = [code for code in candidates if script in ("", SCRIPTS[code])]
        return min(read, key=len, default=None)

    def language(self, typed: str) -> str | None:
        code = language_names.named(typed)
        return code if code in self._codes else None

    def guess(self, typed: str) -> str | None:
        code = reserved_words.form(typed)
        if code is None and not foreign_languages.language(typed, self.languages()):
            code = language_guess.guess(typed)
        return code if code in self._codes else None

    def written(self, typed: str, language: str) -> str | None:
        code = language_guess.other_form(typed, language)
        if code not in self._codes or foreign_languages.language(typed, self.languages()):
            return None
        return code

    def foreign_lines(self, typed: str, *, is_danger: bool) -> tuple[str, ...]:
        return foreign_languages.lines(typed, self.languages(), is_danger=is_danger)

    def render(self, label: Label, language: str) -> str:
        return self._renderings.get(language, self._english)(label)

    def same(self, typed: str, shown: str) -> bool:
        return normalization.fold(typed) == normalization.fold(shown) != ""

    def half(self, typed: str, shown: str, language: str) -> bool:
        return everyday_answers.is_half(typed, shown, language)

    def options(self, typed: str, question: str) -> frozenset[str]:
        return option_words.options(typed, question)

    def resembles(self, typed: str, shown: str) -> bool:
        return label_matching.resembles(typed, shown)

    def everyday(self, typed: str) -> bool:
        return everyday_answers.is_everyday(typed)

    def tired(self, typed: str) -> bool:
        return everyday_answers.is_tired(typed)

    def command(self, typed: str) -> tuple[Reserved | None, str] | None:
        found = COMMAND.fullmatch(normalization.clean(typed))
        if found is None:
            return None
        word = found[1].lower()
        return (Reserved(word) if word in Reserved else None, (found[2] or "").strip())

    def reserved(self, typed: str) -> Reserved | None:
        return reserved_words.safety_word(typed) or reserved_words.reserved_word(typed)

    def danger(self, typed: str) -> bool:
        return crisis_words.danger(typed)

    def danger_intent(self, typed: str) -> str | None:
        intent = crisis_patterns.intent(typed)
        return "" if intent is None and foreign_crisis_words.danger(typed) else intent

    def confirms(self, typed: str) -> bool:
        return review_words.confirms(typed)

    def rejects(self, typed: str) -> bool:
        return review_words.rejects(typed)

    def yes_no(self, typed: str, language: str) -> bool | None:
        return reserved_words.yes_no(typed, language)

    def after_no(self, typed: str, language: str) -> str:
        return reserved_words.after_no(typed, language)

    def after_yes_or_no(self, typed: str, language: str) -> tuple[bool, str] | None:
        return reserved_words.after_yes_or_no(typed, language)

    def nothing(self, typed: str, language: str) -> bool:
        return reserved_words.nothing(typed, language) or name_words.is_absent(typed)

    def declines(self, typed: str) -> bool:
        is_unsure = "unsure" in option_words.options(typed, option_words.ANY)
        return is_unsure or small_talk.has_declined(typed)

    def refuses(self, typed: str) -> bool:
        return small_talk.has_declined(typed)

    def acknowledges(self, typed: str, language: str) -> bool:
        is_yes = self.yes_no(typed, language) is not None
        return is_yes or small_talk.is_enough(typed) or writing_helpers.has_helper(typed)

    def asks_next_step(self, typed: str) -> bool:
        return small_talk.asks_next_step(typed)

    def asks_to_repeat(self, typed: str) -> bool:
        return small_talk.asks_to_repeat(typed)

    def doubts(self, typed: str) -> bool:
        return small_talk.doubts(typed)

    def asks(self, typed: str) -> bool:
        return question_words.asks(typed)

    def text(self, typed: str, limit: int) -> str | Refusal:
        return parsers.read_text(typed, limit)

    def name(self, typed: str, letters: Letters) -> str | Refusal:
        if small_talk.is_small_talk(typed):
            return Refusal.NOT_LISTED
        return name_words.read_name(typed, letters)

    def day(self, typed: str, language: str, today: date) -> date | Refusal:
        return parsers.read_date(typed, language, today)

    def year(self, typed: str, language: str, today: date) -> int | Refusal:
        return birth_years.read_year(typed, language, today)

    def number(self, typed: str, minimum: int, limit: int) -> int | Refusal:
        return parsers.read_number(typed, minimum, limit)

    def people(self, typed: str, minimum: int, limit: int) -> int | Refusal:
        return people_counts.read_people(typed, minimum, limit)

    def age(self, typed: str, *, is_own: bool = False) -> int | None:
        return ages.read_age(typed, is_own=is_own)

    def duration(self, typed: str) -> int | None:
        return durations.read_days(typed)

    def days_until(self, typed: str, today: date) -> tuple[int, int] | None:
        return future_times.read_days_until(typed, today)

    def position(self, typed: str, count: int) -> int | None:
        return ordinals.read_position(typed, count)

    def phone(self, typed: str, region: str | None) -> str | Refusal:
        return parsers.read_phone(typed, region)

    def mobile(self, typed: str, countries: Sequence[str]) -> str | Refusal:
        return parsers.read_mobile(typed, countries)

    def identity(self, typed: str, kind: Identity) -> str | Refusal:
        return identity_numbers.read_identity(typed, kind)

    def passport(self, typed: str, country: str | None) -> str | Refusal:
        return identity_numbers.read_passport(typed, country)

    def zone(self, typed: str) -> str | Refusal:
        zone = mrz.read_zone(typed)
        return zone if isinstance(zone, Refusal) else "\n".join(zone.lines)

    def countries(self, typed: str, language: str) -> str | Sequence[str]:
        return countries.identify(typed, language)

    def whereabouts(self, typed: str, language: str) -> str | Sequence[str]:
        return whereabouts.country(typed, language)


def _language_and_script(hint: str) -> tuple[str, str]:
    """Return the language of a BCP 47 tag, and its script if the tag has one, else "".

    Upper and lower case, `-` and `_` are accepted. Kazakh of China (`kk-CN`) is in Arabic script.
    """
    language, *rest = re.split("[-_]", hint.strip().lower())
    if language == "kk" and "cn" in rest:
        return language, "Arab"
    scripts = (part.title() for part in rest if len(part) == 4 and part.isalpha())
    # The script of Chinese is ignored, because readers of traditional characters read simplified
    # ones better than any other language that is offered.
    return language, "" if language == "zh" else next(scripts, "")


def direction(language: str) -> str:
    """Return the writing direction of a language, `rtl` or `ltr`, for the HTML attribute `dir`."""
    return "rtl" if language in bidi.RIGHT_TO_LEFT else "ltr"


def tag(language: str) -> str:
    """Return the BCP 47 tag of a code such as `uz_Cyrl`, for HTML and the registry."""
    return TAGS.get(language, language)
