"""Before a language is chosen, every reply is in the guessed language or in all six."""

import pytest

from bot.understanding.engine_adapter import EngineRecognizer
from flows.engine import safety, screens
from flows.engine.events import Event, Said, Say, Started, Unreadable
from flows.engine.text import VERBATIM
from flows.replies import understanding
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat

REAL = understanding(EngineRecognizer.load())
KINDS = ("photo", "document", "voice", "video_note", "sticker", "location", "call", "poll")
EVENTS = (
    *map(Unreadable, KINDS),
    *(Unreadable(kind, "qzx") for kind in KINDS),
    *map(Said, ("/help", "help", "SOS", "стоп", "delete", "menu", "/status", "/nonsense", "", "1")),
    *map(Said, ("человек", "/mydata", "/news", "back", "/skip", "выход", "язык")),
    Started(),
    Started("checklist"),
)


def _is_translated(say: Say) -> bool:
    return bool(say.language) or all(
        text.msgid == VERBATIM for paragraph in say.paragraphs for text in paragraph
    )


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_reply_before_a_language_is_never_english(event: Event) -> None:
    for before in ((), (Started(),)):
        chat = Chat(understanding=REAL)
        for each in (*before, event):
            chat.takes(each)
            assert all(map(_is_translated, chat.says_now))


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker"])
def test_file_before_a_language_is_answered_in_all_of_them(kind: str) -> None:
    chat = Chat(understanding=REAL).takes(Unreadable(kind))
    line = screens.NO_PICTURES if kind == "photo" else screens.CANNOT_READ
    assert all(WORDS.render(line, code) in chat.text for code in LANGUAGES)
    assert chat.at == screens.LANGUAGE


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("помогите", "ru"),
        ("помощь", "ru"),
        ("көмек", "kk"),
        ("كومەك", "kk_Arab"),
        ("帮助", "zh_Hans"),
        ("yordam", "uz"),
        ("ёрдам", "uz_Cyrl"),
    ],
)
def test_cry_for_help_is_answered_in_its_language(word: str, language: str) -> None:
    chat = Chat(language, understanding=REAL).says(word)
    assert chat.conversation.language == language
    assert chat.shows(safety.ONE_SENTENCE) or chat.shows(safety.READ_ALONE)
    assert chat.shows(screens.ANSWERING_IN)
    assert {"language", "!language"} & set(chat.keys)


def test_cry_for_help_alone_gets_the_general_safety_answer() -> None:
    chat = Chat(understanding=REAL).says("помогите")
    assert chat.shows(safety.READ_ALONE)
    for line in REAL.safety[""](TODAY, ""):
        assert chat.shows(line)


def test_cry_for_help_in_no_known_language_is_answered_in_all_of_them() -> None:
    chat = Chat(understanding=REAL).says("help")
    assert all(WORDS.render(safety.ONE_SENTENCE, code) in chat.text for code in LANGUAGES)


def test_safety_answer_to_a_first_message_names_its_language_last() -> None:
    chat = Chat(understanding=REAL).says("муж меня бьёт каждый день")
    first, *_others, last = chat.says_now[0].paragraphs
    assert first == (safety.READ_ALONE,)
    assert last == (screens.guessed(WORDS, "ru"),)
    assert "!language" in chat.keys
