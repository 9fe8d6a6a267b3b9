"""The written forms of the assistant: what it says, and how it reads what people write."""

import re
from collections.abc import Sequence
from datetime import date

from bot.languages import catalogues, countries, danger, normal, readers, replies
from bot.languages.rendering import Rendering
from flows.engine.text import Label
from flows.engine.words import Refusal, Reserved

NAMES = {
    "kk": "Қазақша",
    "ru": "Русский",
    "zh_Hans": "中文",
    "uz": "Oʻzbekcha",
}
DIRECTIONS = {"kk_Arab": "rtl"}
TAGS = {"zh_Hans": "zh-Hans", "kk_Arab": "kk-Arab", "uz_Cyrl": "uz-Cyrl"}
COMMAND = re.compile(r"/([a-z_]{1,32})(?:@\w+)?(?:\s+(\S.*))?", re.IGNORECASE | re.DOTALL)


class Languages:
    """Implements the engine's `Words`; built once, at the start of a process."""

    def __init__(self, codes: Sequence[str] = tuple(NAMES)) -> None:
        self._codes = tuple(codes)
        self._renderings = {code: Rendering(code, catalogues.messages(code)) for code in codes}
        self._english = Rendering("en", {})

    def languages(self) -> Sequence[tuple[str, str]]:
        return tuple((code, NAMES[code]) for code in self._codes)

    def closest(self, hint: str) -> str | None:
        first = re.split("[-_]", hint.lower(), maxsplit=1)[0]
        return next((code for code in self._codes if code.lower().split("_")[0] == first), None)

    def render(self, label: Label, language: str) -> str:
        return self._renderings.get(language, self._english)(label)

    def same(self, typed: str, shown: str) -> bool:
        return normal.fold(typed) == normal.fold(shown) != ""

    def command(self, typed: str) -> tuple[Reserved | None, str] | None:
        found = COMMAND.fullmatch(normal.clean(typed))
        if found is None:
            return None
        word = found[1].lower()
        return (Reserved(word) if word in Reserved else None, (found[2] or "").strip())

    def reserved(self, typed: str) -> Reserved | None:
        return replies.safety_word(typed) or replies.reserved_word(typed)

    def danger(self, typed: str) -> bool:
        return danger.danger(typed)

    def yes_no(self, typed: str, language: str) -> bool | None:
        return replies.yes_no(typed, language)

    def text(self, typed: str, most: int) -> str | Refusal:
        return readers.read_text(typed, most)

    def name(self, typed: str, latin: bool) -> str | Refusal:
        return readers.read_name(typed, latin=latin)

    def day(self, typed: str, language: str, today: date) -> date | Refusal:
        return readers.read_date(typed, language, today)

    def year(self, typed: str, language: str, today: date) -> int | Refusal:
        return readers.read_year(typed, language, today)

    def number(self, typed: str, least: int, most: int) -> int | Refusal:
        return readers.read_number(typed, least, most)

    def phone(self, typed: str, region: str | None) -> str | Refusal:
        return readers.read_phone(typed, region)

    def countries(self, typed: str, language: str) -> Sequence[str]:
        return countries.find(typed, language)


def direction(language: str) -> str:
    """`rtl` or `ltr`, as HTML wants it."""
    return DIRECTIONS.get(language, "ltr")


def tag(language: str) -> str:
    """The BCP 47 tag of a language, as HTML and the registry want it."""
    return TAGS.get(language, language)
