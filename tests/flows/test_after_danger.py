"""Messages after the safety message: the next step, a denial, and the next question."""

import pytest

from flows.engine import hearing, safety
from flows.engine.events import Forget
from tests.flows.chat import Chat
from tests.flows.test_before_a_language import REAL

# Language, a message about danger, and the question for the next step.
NEXT_STEPS = (
    ("ru", "муж меня избивает", "и что мне делать?"),
    ("ru", "мужа арестовали", "куда звонить"),
    ("kk", "күйеуім ұрады", "не істеймін"),
    ("kk_Arab", "كۇيەۋىم ۇرادى", "نە ىستەيمىن"),
    ("zh_Hans", "警察把我弟弟抓走了", "我该怎么办"),
    ("uz", "erim meni uradi", "nima qilay"),
    ("uz_Cyrl", "эрим мени уради", "нима қилай"),
)
DENIALS = (
    ("ru", "никто мне не угрожает"),
    ("ru", "никто меня не бьет"),
    ("kk", "ешкім мені ұрған жоқ"),
    ("kk_Arab", "قاۋىپ جوق"),
    ("zh_Hans", "我没有危险"),
    ("uz", "hech kim meni urmadi"),
    ("uz_Cyrl", "ҳеч ким мени урмади"),
)
# A danger and an ordinary question in one message without a sign between them.
BOTH = (
    ("ru", "муж меня бьет какие документы нужны"),
    ("ru", "какие документы нужны муж меня бьет"),
    ("kk", "қандай құжат керек күйеуім ұрады"),
    ("uz", "erim meni uradi qanday hujjat kerak"),
)


def _advice(chat: Chat, kind: str) -> bool:
    return all(chat.shows(line) for line in REAL.safety[kind](chat.today, ""))


@pytest.mark.parametrize(("language", "danger", "text"), NEXT_STEPS)
def test_question_for_the_next_step_shows_the_safety_message_again(
    language: str, danger: str, text: str
) -> None:
    for flow in ("", "preregistration"):
        chat = Chat.start(language, flow, understanding=REAL).says(danger)
        assert chat.shows(safety.READ_ALONE)
        first = chat.text
        chat.says(text)
        assert chat.text == first
        assert chat.says(text).text == first


def test_yes_after_the_safety_message_shows_it_again_outside_of_forms() -> None:
    chat = Chat.start("ru", understanding=REAL).says("мужа арестовали", "да")
    assert chat.shows(safety.READ_ALONE)


def test_number_after_the_safety_message_chooses_from_the_menu() -> None:
    chat = Chat.start("ru", understanding=REAL).says("мужа арестовали", "1")
    assert chat.conversation.flow == "eligibility"


def test_yes_answers_an_open_screen_after_the_safety_message() -> None:
    chat = Chat.start("ru", understanding=REAL).says("удалить", "мужа арестовали", "да")
    assert chat.effects_of(Forget)


def test_next_step_is_a_question_again_after_another_message() -> None:
    chat = Chat.start("ru", understanding=REAL).says("мужа арестовали", "меню", "что делать")
    assert not chat.shows(safety.READ_ALONE)
    assert chat.conversation.heard is None or chat.conversation.heard.danger is None


@pytest.mark.parametrize(("language", "text"), DENIALS)
def test_denial_of_danger_is_acknowledged(language: str, text: str) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert not chat.shows(safety.READ_ALONE) and not chat.shows(safety.ONE_SENTENCE)
    assert chat.shows(hearing.ACKNOWLEDGED)


@pytest.mark.parametrize(("language", "text"), BOTH)
def test_danger_beside_a_question_gets_the_safety_message(language: str, text: str) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert chat.shows(safety.READ_ALONE)


def test_topic_beside_a_danger_is_offered_below_the_safety_message() -> None:
    chat = Chat.start("ru", understanding=REAL).says(BOTH[0][1])
    assert "?ask.kandas.documents" in chat.keys
