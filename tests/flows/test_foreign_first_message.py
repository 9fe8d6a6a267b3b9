"""Replies to a first message in a language that is not offered; a part is in that language."""

from functools import partial

import pytest

from bot.channels.limits import WEB, WHATSAPP
from bot.channels.telegram import layout as telegram_layout
from bot.channels.whatsapp import layout as whatsapp_layout
from bot.i18n import NAMES
from bot.i18n.foreign_languages import FOREIGN
from flows import officer
from flows.engine import safety, screens
from flows.engine.events import Started
from tests.channels.rendered_messages import message
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat
from tests.flows.test_before_a_language import REAL

# Isolates surround right-to-left lines and do not belong to the sentences.
ISOLATES = dict.fromkeys(map(ord, "\u2068\u2069"))
OFFERED = tuple(NAMES.items())
QUESTIONS = (
    ("en", "Hello, I want to move to Kazakhstan with my family"),
    ("tr", "Merhaba, Kazakistan'a göç etmek istiyorum"),
    ("de", "Hallo, ich möchte mit meiner Familie nach Kasachstan ziehen"),
    ("mn", "Сайн байна уу? Казахстан руу нүүхийг хүсэж байна"),
    ("fa", "سلام، چگونه می‌توانم به قزاقستان مهاجرت کنم؟"),
)
DANGERS = (
    ("en", "Help me please, police took my brother in Urumqi"),
    ("tr", "Kardeşimi polis aldı, nerede bilmiyoruz"),
    ("de", "Hilfe! Die Polizei hat meinen Bruder mitgenommen"),
    ("mn", "Нөхөр минь намайг зоддог"),
    ("fa", "پلیس برادرم را گرفت"),
)


def _sentences(code: str, *, is_danger: bool) -> str:
    return "\n".join(FOREIGN[code].lines(OFFERED, is_danger=is_danger))


def _paragraphs(chat: Chat) -> list[str]:
    (say,) = chat.last_messages
    lines = (map(partial(WORDS.render, language=""), each) for each in say.paragraphs)
    return ["\n".join(each).translate(ISOLATES) for each in lines]


@pytest.mark.parametrize(("code", "text"), QUESTIONS)
def test_foreign_first_message_gets_a_notice_above_the_language_buttons(
    code: str, text: str
) -> None:
    for before in ((), ("hmm hmm",)):
        chat = Chat(understanding=REAL).takes(Started()).says(*before, text)
        assert chat.question_key == screens.LANGUAGE
        own, choice = _paragraphs(chat)
        assert own == _sentences(code, is_danger=False)
        assert choice.startswith(WORDS.render(screens.CHOOSE_LANGUAGE, "kk"))
        assert set(LANGUAGES) <= set(chat.keys)


def test_foreign_first_message_without_a_start_command_gets_a_notice() -> None:
    chat = Chat(understanding=REAL).says(QUESTIONS[0][1])
    assert _paragraphs(chat)[0] == _sentences("en", is_danger=False)


@pytest.mark.parametrize(("code", "text"), DANGERS)
def test_reply_to_a_foreign_message_about_danger_begins_with_safety(code: str, text: str) -> None:
    for before in ((), ("hmm hmm",)):
        chat = Chat(understanding=REAL).takes(Started()).says(*before, text)
        alone, danger, own, choice = _paragraphs(chat)
        assert alone.startswith(WORDS.render(safety.READ_ALONE, "kk"))
        assert danger.startswith(WORDS.render(safety.ONE_SENTENCE, "kk"))
        assert own == _sentences(code, is_danger=True)
        assert choice.startswith(WORDS.render(screens.CHOOSE_LANGUAGE, "kk"))


def test_foreign_message_about_danger_is_answered_after_a_language_choice() -> None:
    chat = Chat("uz", understanding=REAL).says(DANGERS[0][1]).presses("uz")
    assert chat.shows(safety.READ_ALONE)
    assert all(chat.shows(line) for line in REAL.safety["danger.detained"](TODAY, ""))


def test_word_help_alone_is_not_taken_for_a_foreign_language() -> None:
    # People of all languages write this word, so it does not show the language.
    chat = Chat(understanding=REAL).says("help")
    first_help, danger, _choice = _paragraphs(chat)
    assert first_help.startswith(WORDS.render(screens.FIRST_HELP, "kk"))
    assert danger.startswith(WORDS.render(safety.ONE_SENTENCE, "kk"))


def test_foreign_question_is_answered_after_a_language_choice() -> None:
    chat = Chat("ru", understanding=REAL).says("Merhaba, vize gerekli mi Kazakistan için")
    known = chat.conversation.heard
    assert known is not None
    chat.presses("ru")
    assert chat.question_key == screens.REPLY


def test_word_person_after_a_foreign_first_message_leads_to_an_officer() -> None:
    chat = Chat("kk", understanding=REAL).says(DANGERS[1][1], "person").presses("kk")
    assert chat.conversation.flow == officer.OFFICER.name


@pytest.mark.parametrize("text", [*(text for _code, text in (*QUESTIONS, *DANGERS)), "help"])
def test_reply_to_a_foreign_message_has_language_buttons_on_every_channel(text: str) -> None:
    (say,) = Chat(understanding=REAL).takes(Started()).says(text).last_messages
    sent = message(say, "")
    assert sum(map(len, sent.paragraphs)) <= WEB.text
    (_telegram,) = telegram_layout.parts(sent)
    *_before, last = whatsapp_layout.parts(sent, WORDS)
    sections = last["interactive"]["action"]["sections"]
    labels = [row["title"] for section in sections for row in section["rows"]]
    assert labels == [press.label for press in sent.buttons]
    assert len(last["interactive"]["body"]["text"]) <= WHATSAPP.text_over_buttons
