"""Every message of every flow fits every channel in every language: no text is cut.

Texts written by people cannot be enumerated, but the parsers limit their length.
"""

from typing import Any

import pytest

from bot.channels import Message
from bot.channels.limits import LIMITS, TELEGRAM, WEB, WHATSAPP
from bot.channels.telegram import layout as telegram_layout
from bot.channels.whatsapp import layout as whatsapp_layout
from bot.i18n.catalogues import CONTEXTS
from flows import FLOWS, officer
from flows.engine import screens
from flows.engine.events import Button, Kind, Page, Say
from flows.engine.language_protocol import Refusal
from flows.engine.turn import option_buttons
from tests.channels.rendered_messages import LANGUAGES, WORDS, flow_messages, message

# The tests of tests/flows cover the flows; here the tracer would only take time.
pytestmark = pytest.mark.no_cover


@pytest.mark.parametrize("language", LANGUAGES)
def test_telegram_layout_truncates_no_message_of_any_flow(language: str) -> None:
    for say in flow_messages(Page.OFFERED):
        sent = message(say, language)
        found = telegram_layout.parts(sent)
        assert all(0 < TELEGRAM.measure(text) <= TELEGRAM.text for text, _markup in found)
        assert _lettered("".join(text for text, _markup in found)) >= _lettered(
            "".join(sent.paragraphs)
        )
        for press in sent.buttons:
            assert TELEGRAM.measure(press.label) <= TELEGRAM.label, press.label


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatsapp_layout_truncates_no_message_of_any_flow(language: str) -> None:
    for say in flow_messages(Page.ALWAYS):
        sent = message(say, language)
        found = whatsapp_layout.parts(sent, WORDS)
        text, labels = _shown(found[-1])
        if len(found) > 1:
            # A text is split only if it is too long for one message (a message with a link may have
            # less text). The parts together are the whole text.
            text = "\n\n".join([*(part["text"]["body"] for part in found[:-1]), text])
            over = any(
                press.payload.endswith(":>") or press.kind in whatsapp_layout.LINKS
                for press in sent.buttons
            )
            assert len(text) > (WHATSAPP.text_over_buttons if over else WHATSAPP.text)
        assert _lettered(text) >= _lettered("".join(sent.paragraphs))
        for press in sent.buttons:
            written = press.label in labels or press.label in text
            assert written or press.kind == Kind.CONTACT, press.label
        if found[-1]["type"] == "text":
            assert not any(press.payload.endswith(":>") for press in sent.buttons)


def _shown(content: dict[str, Any]) -> tuple[str, set[str]]:
    """Check the lengths of all parts of a WhatsApp message; return its text and visible labels."""
    if content["type"] == "text":
        return content["text"]["body"], set()
    action, text = content["interactive"]["action"], content["interactive"]["body"]["text"]
    assert 0 < len(text) <= WHATSAPP.text_over_buttons
    labels = {each["reply"]["title"] for each in action.get("buttons", ())}
    labels |= {action["parameters"]["display_text"]} if "parameters" in action else set()
    assert all(0 < len(label) <= WHATSAPP.label for label in {*labels, action.get("button", "x")})
    rows = [row for section in action.get("sections", ()) for row in section["rows"]]
    assert len(rows) <= WHATSAPP.rows
    for row in rows:
        more = row.get("description", "")
        assert 0 < len(row["title"]) <= WHATSAPP.row_label
        assert len(more) <= whatsapp_layout.MAX_DESCRIPTION
        labels.add(f"{row['title']} {more}".strip())
    return text, labels


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kept", "registered"), [(False, False), (True, False), (True, True)])
def test_whatsapp_menu_is_one_list_with_officer_and_exit_options(
    language: str, kept: bool, registered: bool
) -> None:
    menu = screens.menu_screen(FLOWS.values(), kept=kept, registered=registered, quiet=False)
    out = Button("!exit", screens.EXIT, Kind.EXIT)
    say = Say(((menu.text,),), (*option_buttons(1, menu.options), out), language)
    (content,) = whatsapp_layout.parts(message(say, language), WORDS)
    text, labels = _shown(content)
    assert WORDS.render(officer.OFFICER.title, language) in labels
    leave = WORDS.render(screens.EXIT, language)
    assert leave in labels or leave in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_web_chat_layout_truncates_no_message_of_any_flow(language: str) -> None:
    for say in flow_messages(Page.NEVER):
        sent = message(say, language)
        assert sum(map(len, sent.paragraphs)) <= WEB.text
        assert all(len(press.payload) <= WEB.payload for press in sent.buttons)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatsapp_labels_without_a_button_are_understood_when_typed(language: str) -> None:
    """Check that a person can type each label left out of a list: reserved words and options."""
    spoken = {WORDS.render(each, language) for each in (screens.EXIT, screens.PERSON, screens.KEEP)}
    spoken.add(WORDS.render(screens.BACK_TO_BOT, language))
    for say in flow_messages(Page.ALWAYS):
        sent = message(say, language)
        for press in whatsapp_layout.order_buttons(sent.buttons)[1]:
            known = press.label in spoken or WORDS.reserved(press.label)
            assert known or press.kind == Kind.OPTION, press.label


def _lettered(text: str) -> int:
    return sum(not letter.isspace() for letter in text)


def test_translation_length_limits_equal_the_channel_limits() -> None:
    minimum = {
        "button": min(each.label for each in LIMITS.values()),
        "row": min(each.row_label for each in LIMITS.values() if each.row_label),
    }
    assert {kind: str(CONTEXTS[kind]).rpartition("<=")[2] for kind in minimum} == {
        kind: str(limit) for kind, limit in minimum.items()
    }


def test_longest_officer_reply_fits_one_platform_message() -> None:
    assert WORDS.text("ә" * 4001, 4000) is Refusal.TOO_LONG
    message = Message(("Қызметкер жазады:", "ә" * 4000), (), "kk")
    assert len(whatsapp_layout.parts(message, WORDS)) == 1
    assert len(telegram_layout.parts(message)) == 1
