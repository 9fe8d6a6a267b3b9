"""Before the choice of a language, replies are in the text's language, or in all six languages."""

import pytest

from bot.understanding.engine_adapter import EngineRecognizer
from flows.engine import reply_flows, safety, screens
from flows.engine.events import Event, Said, Say, Started, Unreadable
from flows.engine.recognition import Danger
from flows.engine.text import VERBATIM, button
from flows.knowledge.intents.papers import PAPER_ENDS
from flows.replies import understanding
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat
from tests.flows.recognizer import FakeRecognizer, danger

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
def test_reply_before_a_language_choice_is_translated(event: Event) -> None:
    for before in ((), (Started(),)):
        chat = Chat(understanding=REAL)
        for each in (*before, event):
            chat.takes(each)
            assert all(map(_is_translated, chat.last_messages))


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker"])
def test_file_sent_before_a_language_choice_is_answered_in_all_languages(kind: str) -> None:
    chat = Chat(understanding=REAL).takes(Unreadable(kind))
    line = screens.NO_PICTURES if kind == "photo" else screens.CANNOT_READ
    assert all(WORDS.render(line, code) in chat.text for code in LANGUAGES)
    assert chat.question_key == screens.LANGUAGE


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
def test_first_message_asking_for_help_is_answered_in_its_language(
    word: str, language: str
) -> None:
    chat = Chat(language, understanding=REAL).says(word)
    assert chat.conversation.language == language
    assert chat.shows(safety.ONE_SENTENCE) or chat.shows(safety.READ_ALONE)
    assert chat.shows(screens.ANSWERING_IN)
    assert {"language", "!language"} & set(chat.keys)


def test_first_message_help_gets_the_safety_answer_when_danger_is_clear() -> None:
    clear = FakeRecognizer({"помогите": danger("danger.violence")})
    chat = Chat(understanding=understanding(clear)).says("помогите")
    assert chat.shows(safety.READ_ALONE)
    for line in REAL.safety[""](TODAY, ""):
        assert chat.shows(line)


def test_first_message_help_in_english_is_answered_in_every_language() -> None:
    chat = Chat(understanding=REAL).says("help")
    assert all(WORDS.render(safety.ONE_SENTENCE, code) in chat.text for code in LANGUAGES)


FOREIGN = (
    ("Help me please, police took my brother in Urumqi", "danger.detained"),
    ("they want to send me back to China tomorrow", "danger.deported"),
    ("My boss took my passport and will not give it back", "danger.violence"),
    ("i think i am being followed", "danger.followed"),
    ("I don’t want to live anymore", "danger.self_harm"),
    ("my child is alone at the border", "danger.child"),
    ("my life is in danger", ""),
    ("Kardeşimi polis aldı, nerede bilmiyoruz", "danger.detained"),
    ("beni Çin'e geri gondermek istiyorlar", "danger.deported"),
    ("Kocam beni dövüyor", "danger.violence"),
)


@pytest.mark.row(64)
@pytest.mark.parametrize(("text", "intent"), FOREIGN)
def test_danger_in_an_unsupported_language_is_detected(text: str, intent: str) -> None:
    chat = Chat(understanding=REAL).says(text)
    assert chat.question_key == screens.LANGUAGE
    for line in (safety.READ_ALONE, safety.ONE_SENTENCE):
        assert all(WORDS.render(line, code) in chat.text for code in LANGUAGES)
    chat.language = "uz"
    chat.presses("uz")
    assert chat.shows(safety.READ_ALONE)
    assert all(chat.shows(line) for line in REAL.safety[intent](TODAY, ""))


def test_language_screen_after_danger_begins_with_neutral_safety_text() -> None:
    for before in ((), ("hello there",)):
        chat = Chat(understanding=REAL).says(*before, FOREIGN[0][0])
        first, second, *_others = chat.last_messages[0].paragraphs
        assert WORDS.render(safety.READ_ALONE, "kk") == WORDS.render(first[0], "kk")
        assert WORDS.render(safety.ONE_SENTENCE, "kk") == WORDS.render(second[0], "kk")


@pytest.mark.parametrize(
    "text",
    [
        "How do I get kandas status?",
        "my passport is lost",
        "the police gave me a registration paper",
        "Kazakistan'a göç etmek istiyorum",
        "pasaportum kayboldu",
    ],
)
def test_question_in_an_unsupported_language_is_not_taken_for_danger(text: str) -> None:
    chat = Chat(understanding=REAL).says(text)
    assert chat.question_key == screens.LANGUAGE
    assert WORDS.render(safety.ONE_SENTENCE, "kk") not in chat.text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我护照快到期了", "zh_Hans"),
        ("護照還剩三個月", "zh_Hans"),
        ("паспорт скоро закончится, что делать", "ru"),
        ("pasport zakanchivaetsya skoro", "ru"),
        ("паспортымның уақыты жақында бітеді", "kk"),
        ("pasportimning muddati tugayapti", "uz"),
        ("паспортимнинг муддати тугаяпти", "uz_Cyrl"),
    ],
)
def test_question_about_an_expiring_passport_is_answered(text: str, language: str) -> None:
    chat = Chat(language, understanding=REAL).says(text)
    # The topic must not be "missing passport": the person still has the passport.
    assert chat.shows(reply_flows.YOU_ASK, topic=button("Problem with papers"))
    assert chat.shows(PAPER_ENDS)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("менің 户口 Шыңжаңда, қандас ала аламын ба", "kk"),
        ("护照 مەرزىمى ءوتىپ كەتتى نە ىستەيمىن", "kk_Arab"),
        ("怎么申请 ЖСН 号码", "zh_Hans"),
    ],
)
def test_first_message_with_chinese_words_is_answered_in_the_main_language(
    text: str, language: str
) -> None:
    chat = Chat(understanding=REAL).says(text)
    assert (screens.guessed(WORDS, language),) in chat.last_messages[0].paragraphs


def test_suspected_danger_is_answered_before_a_language_choice() -> None:
    known = {"SOS?": danger("danger.child", Danger.SUSPECTED)}
    chat = Chat(understanding=understanding(FakeRecognizer(known))).says("SOS?")
    assert chat.question_key == screens.LANGUAGE
    assert WORDS.render(safety.ONE_SENTENCE, "kk") in chat.text


def test_safety_answer_ends_with_the_note_on_the_guessed_language() -> None:
    chat = Chat(understanding=REAL).says("муж меня бьёт каждый день")
    first, *_others, last = chat.last_messages[0].paragraphs
    assert first == (safety.READ_ALONE,)
    assert last == (screens.guessed(WORDS, "ru"),)
    assert "!language" in chat.keys


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("ru", "ru"),
        ("На русском", "ru"),
        ("орысша", "ru"),
        ("казакша", "kk"),
        ("Qazaqsha!", "kk"),
        ("төте жазу", "kk_Arab"),
        ("简体中文", "zh_Hans"),
        ("oʻzbek tilida", "uz"),
        ("узбекча", "uz_Cyrl"),
    ],
)
def test_typed_name_of_a_language_chooses_it(typed: str, language: str) -> None:
    chat = Chat(understanding=REAL).takes(Started()).says(typed)
    assert chat.conversation.language == language
    assert chat.question_key == screens.MENU


def test_typed_name_of_a_language_changes_the_language() -> None:
    chat = Chat.start("ru").presses("language").says("oʻzbek tilida")
    assert chat.conversation.language == "uz"
