"""Messages of the chat page as the server renders them."""

import re
from pathlib import Path

import pytest

from bot.channels import Message, RenderedButton
from bot.channels.webchat import Note
from bot.web import chat_rendering
from bot.web.chat_rendering import bubble_of, current_bubbles
from bot.web.templating import linked
from flows.engine.events import Kind


def _note(*payloads: str) -> Note:
    buttons = tuple(RenderedButton(each, "label", Kind.OPTION) for each in payloads)
    return Note(Message(("words",), buttons, "ru"))


def _payloads(*notes: Note) -> list[list[str]]:
    bubbles = current_bubbles([(str(number), note) for number, note in enumerate(notes)])
    return [[b["payload"] for row in each["buttons"] for b in row] for each in bubbles]


def test_chat_page_keeps_a_rating_question_active_above_the_menu() -> None:
    rating, menu = _note("*yes", "*no"), _note("1:menu", "!person")
    assert _payloads(rating, menu) == [["*yes", "*no"], ["1:menu", "!person"]]


def test_chat_bubble_of_a_question_is_inactive_after_a_newer_message() -> None:
    assert _payloads(_note("1:a", "!person"), _note("2:b")) == [["!person"], ["2:b"]]
    assert _payloads(_note("!person"), _note("1:a"), _note("2:b")) == [[], [], ["2:b"]]


def test_chat_bubble_of_the_menu_has_three_large_buttons() -> None:
    note = _note("3:about", "3:officer", "3:eligibility", "3:checklist", "3:faq")
    assert note.say
    large, quiet = bubble_of("1", note.say)["buttons"]
    assert [each["payload"] for each in large] == ["3:checklist", "3:eligibility", "3:officer"]
    assert {each["kind"].partition(" ")[0] for each in large} == {"main"}
    assert [each["payload"] for each in quiet] == ["3:about", "3:faq"]


def test_chat_bubble_language_buttons_have_a_prompt_in_their_language() -> None:
    buttons = (
        RenderedButton("1:ru", "Русский", Kind.OPTION),
        RenderedButton("1:kk_Arab", "قازاقشا", Kind.OPTION),
    )
    rows = bubble_of("1", Message(("Выберите язык.\nءتىلدى تاڭداڭىز.",), buttons))["buttons"]
    assert [(row[0]["lang"], row[0]["dir"]) for row in rows] == [("ru", "ltr"), ("kk-Arab", "rtl")]
    assert rows[0][0]["prompt"] == "Выберите язык."


def test_chat_bubble_of_an_officers_message_is_marked() -> None:
    note = Note(Message(("words",), (), "ru"), officer=True, at=1)
    assert [each["officer"] for each in current_bubbles([("1", note)])] == [True]
    assert [each["officer"] for each in current_bubbles([("1", _note("1:a"))])] == [False]


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("См. migration.enbek.kz.", "https://migration.enbek.kz"),
        ("官方网站是gov.kz、egov.kz", "https://egov.kz"),
        ("https://egov.kz/x?a=1。", "https://egov.kz/x?a=1"),
        ("info@gov.kz", None),
        ("gov.kzz", None),
        ("<b>evil.example</b>", None),
    ],
)
def test_chat_bubble_turns_web_addresses_into_links(words: str, address: str | None) -> None:
    found = str(linked(words))
    assert (f'href="{address}"' in found) == (address is not None)
    assert "<a " in found or address is None
    assert "<b>" not in found


def test_chat_script_has_no_lookbehind_which_old_iphones_cannot_read() -> None:
    script = (Path(chat_rendering.__file__).parent / "static/chat.js").read_text("utf-8")
    assert not re.search(r"\(\?<[=!]", script)


READ_TYPES = {"image/jpeg", "image/png", "image/webp", "application/pdf"}


@pytest.mark.parametrize("path", ["templates/chat.html", "static/chat.js"])
def test_chat_page_offers_only_file_types_that_can_be_read(path: str) -> None:
    source = (Path(chat_rendering.__file__).parent / path).read_text("utf-8")
    # An iPhone converts its photos (HEIC) to JPEG, unless the page accepts `image/*` or HEIC.
    [offered] = re.findall(r"accept(?:=\"|: ')([^\"']+)", source)
    assert set(offered.split(",")) == READ_TYPES
