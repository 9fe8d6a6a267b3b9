"""Every message of every flow as each channel sends it, in all six written forms.

A written form is a language in a script.
No English is left in other languages, no word mixes scripts, and direction isolates are paired.
Dates, phone numbers and addresses read from left to right also in a right-to-left line.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from bidi import get_base_level, get_display

from bot.channels import Message
from bot.channels.telegram import layout as telegram_layout
from bot.channels.whatsapp import layout as whatsapp_layout
from bot.i18n import bidi, catalogues, lint_rules
from bot.i18n.protected_spans import PLACE
from flows.engine.events import Page
from flows.engine.text import Label, Text
from tests.channels.rendered_messages import LANGUAGES, WORDS, flow_messages, message

# The tests of tests/flows cover the flows; here the tracer would only take time.
pytestmark = pytest.mark.no_cover

MARKS = re.compile(f"[{bidi.ISOLATE}{bidi.END_ISOLATE}{bidi.MARK}]")
# Text that is always displayed from left to right: groups of digits, addresses, Latin words.
RUN = re.compile(r"\+?[A-Za-z0-9][A-Za-z0-9.:/@_\-– ]*[A-Za-z0-9]")
RIGHT_TO_LEFT = sorted(bidi.RIGHT_TO_LEFT)


def _telegram(sent: Message) -> Iterator[str]:
    for text, markup in telegram_layout.parts(sent):
        yield text
        for row in telegram_layout.labels(markup):
            yield from row


def _whatsapp(sent: Message) -> Iterator[str]:
    for content in whatsapp_layout.parts(sent, WORDS):
        if content["type"] == "text":
            yield content["text"]["body"]
            continue
        action: dict[str, Any] = content["interactive"]["action"]
        yield content["interactive"]["body"]["text"]
        yield from (each["reply"]["title"] for each in action.get("buttons", ()))
        yield action.get("button") or action.get("parameters", {}).get("display_text", "")
        for row in (row for section in action.get("sections", ()) for row in section["rows"]):
            yield f"{row['title']} {row.get('description', '')}".strip()


def _web(sent: Message) -> Iterator[str]:
    yield from sent.paragraphs
    yield sent.place
    yield from (press.label for press in sent.buttons)


CHANNELS: Mapping[str, tuple[Page, Callable[[Message], Iterator[str]]]] = {
    "telegram": (Page.OFFERED, _telegram),
    "whatsapp": (Page.ALWAYS, _whatsapp),
    "web": (Page.NEVER, _web),
}
EVERYWHERE = [(language, channel) for language in LANGUAGES for channel in CHANNELS]


@cache
def shown(language: str, channel: str) -> tuple[str, ...]:
    """Return each distinct line and label of all messages, except the first choice of language."""
    page, laid_out = CHANNELS[channel]
    texts = (text for say in flow_messages(page) for text in laid_out(message(say, language)))
    return tuple(dict.fromkeys(line for text in texts for line in text.split("\n")))


@cache
def texts() -> tuple[Text, ...]:
    """Return every sentence and label in use, nested ones included."""
    labels = (
        label
        for page in Page
        for say in flow_messages(page)
        for label in (*(each.label for each in say.buttons), *sum(say.paragraphs, ()))
    )
    return tuple(dict.fromkeys(text for label in labels for text in _inside(label)))


def _inside(label: Label) -> Iterator[Text]:
    if isinstance(label, Text):
        yield label
        for _name, value in label.values:
            if isinstance(value, Text):
                yield from _inside(value)


@cache
def untranslated_values() -> re.Pattern[str]:
    """Return a pattern that matches untranslated values: people's words, names and examples."""
    values = (value for text in texts() for _name, value in text.values)
    lines = {line for value in values if isinstance(value, str) for line in value.split("\n")}
    words = sorted(map(re.escape, filter(lint_rules.WORD.search, lines)), key=len, reverse=True)
    letter = r"[^\W\u3400-\u9fff]"
    return re.compile(rf"(?<!{letter})(?:{'|'.join(words)})(?!{letter})")


def _masked(line: str) -> str:
    """Return a line without direction marks, with people's words, names and examples replaced."""
    return untranslated_values().sub("·", MARKS.sub("", line))


def _faults(language: str, channel: str, rule: str) -> list[tuple[str, str]]:
    found = []
    for line in shown(language, channel):
        masked = _masked(line)
        entry = lint_rules.Entry(language, "", masked, masked, {})
        found += [(fault, line) for fault in lint_rules.RULES[rule](entry)]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_translate_every_text(language: str) -> None:
    messages = catalogues.messages(language)
    worded = [text for text in texts() if lint_rules.WORD.search(PLACE.sub("", text.msgid))]
    assert len(worded) > 800
    assert [text.msgid for text in worded if (text.context, text.msgid) not in messages] == []


@pytest.mark.parametrize(("language", "channel"), EVERYWHERE)
def test_rendered_texts_use_only_letters_of_their_language(language: str, channel: str) -> None:
    assert _faults(language, channel, "letters") == []


@pytest.mark.parametrize(("language", "channel"), EVERYWHERE)
def test_rendered_texts_use_the_punctuation_of_their_language(language: str, channel: str) -> None:
    assert _faults(language, channel, "punctuation") == []
    assert _faults(language, channel, "apostrophes") == []


@pytest.mark.parametrize(("language", "channel"), EVERYWHERE)
def test_bidi_isolates_are_balanced_and_only_where_needed(language: str, channel: str) -> None:
    for line in shown(language, channel):
        depth = 0
        for sign in line:
            depth += (sign == bidi.ISOLATE) - (sign == bidi.END_ISOLATE)
            assert depth >= 0, ascii(line)
        assert depth == 0, ascii(line)
        if language not in RIGHT_TO_LEFT and MARKS.search(line):
            assert bidi.ARABIC.search(line), ascii(line)


@pytest.mark.parametrize("language", RIGHT_TO_LEFT)
@pytest.mark.parametrize("channel", CHANNELS)
def test_arabic_script_fragments_have_rtl_direction(language: str, channel: str) -> None:
    """Check the direction of whole lines, not only of their parts.

    Otherwise the number of a numbered line would appear at the line's end if the line became part
    of another line.
    """
    parts = [part for line in shown(language, channel) for part in _isolates(line)]
    arabic_parts = [part for part in parts if bidi.ARABIC.search("".join(part))]
    assert len(arabic_parts) > 20
    assert [part for part in arabic_parts if get_base_level(part[0]) != 1] == []


def _isolates(line: str) -> Iterator[tuple[str, str]]:
    """Yield for each bidi isolate: its own text, and the text of the isolates nested in it."""
    open_: list[list[str]] = []
    for sign in line:
        if sign == bidi.ISOLATE:
            open_.append(["", ""])
        elif sign == bidi.END_ISOLATE:
            own, inner = open_.pop()
            yield own, inner
            if open_:
                open_[-1][1] += own + inner
        elif open_:
            open_[-1][0] += sign


@pytest.mark.parametrize("language", RIGHT_TO_LEFT)
@pytest.mark.parametrize("channel", CHANNELS)
def test_rtl_lines_keep_text_direction_and_digit_order(language: str, channel: str) -> None:
    turned = []
    for line in shown(language, channel):
        if bidi.LETTER.search(MARKS.sub("", line)):
            assert get_base_level(line) == get_base_level(_unmarked(line)) == 1, ascii(line)
        displayed = get_display(line)
        turned += [(run[0], line) for run in RUN.finditer(line) if run[0] not in displayed]
    assert turned == []


def _unmarked(line: str) -> str:
    """Return the line without isolates, as a renderer that does not support them shows it."""
    return re.sub(f"[{bidi.ISOLATE}{bidi.END_ISOLATE}]", "", line)


def test_rtl_check_detects_a_reversed_phone_number() -> None:
    """Check that, without isolates, a phone number after Arabic letters is displayed reversed."""
    number = "+7 701 000 00 00"
    assert RUN.fullmatch(number)
    assert number not in get_display(f"تەلەفون: {number}")
    assert number in get_display(f"تەلەفون: {bidi.isolate(number)}")
