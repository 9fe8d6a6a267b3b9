"""Renders sentences in one language: translates, fills in values, and adds direction marks."""

from datetime import date
from typing import assert_never

from bot.i18n import bidi, formats
from bot.i18n.catalogues import Messages
from bot.i18n.protected_spans import PLACE
from flows.engine.text import Amount, Country, Label, Published, Text, Value


class Rendering:
    """Renders sentences in one language; callable with a sentence."""

    def __init__(self, code: str, messages: Messages) -> None:
        self.code = code
        self._right_to_left = code in bidi.RIGHT_TO_LEFT
        self._messages = messages
        self._cache: dict[Label, str] = {}

    def __call__(self, label: Label) -> str:
        """Return a sentence in this language, or in English if its translation is missing."""
        filled = self._cached_text(label)
        return bidi.add_marks(filled) if self._right_to_left else filled

    def _cached_text(self, label: Label) -> str:
        filled = self._cache.get(label)
        if filled is None:
            filled = self._fill(label)
            if isinstance(label, Country) or not label.values:
                self._cache[label] = filled
        return filled

    def _fill(self, label: Label) -> str:
        if isinstance(label, Country):
            return formats.names(self.code).countries.get(label.code, label.code)
        if len(label.values) == 1 and isinstance(own := label.values[0][1], Published):
            return self._published_text(own)
        template = self._template(label)
        if not label.values:
            return template
        values = {name: self._value(value) for name, value in label.values}
        return PLACE.sub(lambda place: values.get(place[1], place[0]), template)

    def _template(self, label: Text) -> str:
        translated = self._messages.get((label.context, label.msgid))
        if translated is None:
            return label.msgid
        return bidi.literals(translated) if self._right_to_left else translated

    def _value(self, value: Value) -> str:
        """Return a value as text for a sentence, in isolates if writing directions could mix.

        In a right-to-left sentence every value is isolated, in other sentences only typed Arabic
        text. Values that are the assistant's own words in Arabic letters are not isolated: they
        need no isolate, and labels have no room for one.
        """
        if isinstance(value, Published):
            return self._published_text(value)
        shown = self._format_value(value)
        if isinstance(value, Text | Country) and bidi.is_all_arabic(shown):
            return shown
        if self._right_to_left and isinstance(value, Text) and bidi.ARABIC.search(shown):
            # The first letter outside of inner isolates decides the direction of an isolate, so a
            # direction mark may be needed.
            shown = bidi.add_marks(shown)
        apart = isinstance(value, str) and bidi.ARABIC.search(shown)
        return bidi.isolate(shown) if self._right_to_left or apart else shown

    def _format_value(self, value: Value) -> str:
        match value:
            case str():
                return value
            case Amount():
                return formats.number(value, self.code)
            case int():
                return str(value)
            case date():
                return formats.day(value, self.code)
            case Country() | Text():
                return self._cached_text(value)
            case Published():
                return self._published_text(value)
            case _:
                assert_never(value)

    def _published_text(self, value: Published) -> str:
        """Return the text of a sentence that editors published, in this language.

        Raises LookupError if the sentence has no text in this language.
        """
        for code, text in value.texts:
            if code == self.code:
                return bidi.literals(text) if self._right_to_left else text
        raise LookupError(f"E_CONTENT: a published sentence has no text in {self.code}")
