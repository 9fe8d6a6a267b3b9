"""A question in another offered language gets the button of that language beside its reply."""

import pytest

from flows.engine import safety, screens
from flows.engine.events import Pressed
from flows.engine.reply_flows import YOU_ASK
from flows.engine.text import Text
from tests.flows.chat import WORDS, Chat
from tests.flows.test_before_a_language import REAL

# The language of the chat, the language of the question, and the question with its intent.
QUESTIONS = (
    ("ru", "zh_Hans", "孩子上学怎么办", "life.school"),
    ("zh_Hans", "kk", "балаларым Қазақстанда мектепке бара ала ма", "life.school"),
    ("kk", "kk_Arab", "بالالارىم قازاقستاندا مەكتەپكە بارا الا ما", "life.school"),
    ("kk_Arab", "ru", "как устроить ребёнка в школу в Казахстане", "life.school"),
    ("ru", "uz", "bolalarim Qozogʻistonda maktabga bora oladimi", "life.school"),
    ("kk", "uz_Cyrl", "болаларим Қозоғистонда мактабга бора оладими", "life.school"),
)
DANGERS = (
    ("ru", "zh_Hans", "警察把我弟弟抓走了，不知道他在哪里"),
    ("zh_Hans", "kk", "полиция ағамды алып кетті, қайда екенін білмейміз"),
    ("kk", "ru", "муж меня избивает и забрал мой паспорт"),
    ("ru", "kk_Arab", "ساقشىلار اعامدى الىپ كەتتى، قايدا ەكەنىن بىلمەيمىز"),
)
# Texts in the language of the chat, in another script of it, and in languages that are not offered.
OTHERS = (
    ("kk", "балаларым Қазақстанда мектепке бара ала ма"),
    ("uz_Cyrl", "bolalarim Qozogʻistonda maktabga bora oladimi"),
    ("ru", "چگونه می‌توانم به قزاقستان مهاجرت کنم؟"),
    ("ru", "I want to move to Kazakhstan with my family"),
    ("zh_Hans", "апостиль"),
)


def _languages(chat: Chat) -> list[str]:
    return [key for key in chat.keys if key.startswith("?in.")]


def _label(intent: str) -> Text:
    label = REAL.replies[intent].label
    assert label is not None
    return label


@pytest.mark.parametrize(("language", "written", "text", "intent"), QUESTIONS)
def test_question_in_another_language_is_answered_in_it_after_a_press(
    language: str, written: str, text: str, intent: str
) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert chat.conversation.language == language
    chat.presses(f"?in.{written}.{intent}")
    assert chat.conversation.language == written
    assert chat.shows(YOU_ASK, topic=_label(intent))
    assert not _languages(chat)


def test_offered_topics_are_offered_again_in_the_chosen_language() -> None:
    chat = Chat.start("ru", understanding=REAL).says("我的孩子可以在哈萨克斯坦上学吗")
    offered = [key for key in chat.keys if key.startswith("?ask.")]
    assert len(offered) > 1
    chat.presses("?in.zh_Hans.offered")
    assert chat.conversation.language == "zh_Hans"
    assert [key for key in chat.keys if key.startswith("?ask.")] == offered


def test_question_of_a_form_is_asked_again_in_the_chosen_language() -> None:
    chat = Chat.start("ru", "preregistration", understanding=REAL).says(QUESTIONS[0][2])
    asked = chat.question_key
    chat.presses(*_languages(chat))
    assert (chat.conversation.language, chat.question_key) == ("zh_Hans", asked)


def test_topic_of_a_form_opened_by_a_sentence_has_the_language_button() -> None:
    chat = Chat.start("ru", understanding=REAL).says("我想搬到哈萨克斯坦，需要什么")
    form = chat.conversation.flow
    assert form
    chat.presses(*_languages(chat))
    assert (chat.conversation.language, chat.conversation.flow) == ("zh_Hans", form)


def test_unknown_text_in_another_language_leads_to_the_menu_in_it() -> None:
    chat = Chat.start("ru", understanding=REAL).says("我的蓝色书架上有三只鸟在唱歌")
    chat.presses(*_languages(chat))
    assert (chat.conversation.language, chat.question_key) == ("zh_Hans", screens.MENU)


def test_button_of_a_language_that_is_not_offered_is_out_of_date() -> None:
    chat = Chat.start("ru", understanding=REAL).takes(Pressed("?in.xx.life.school"))
    assert chat.conversation.language == "ru"
    assert chat.shows(screens.OLD_BUTTON)


@pytest.mark.parametrize(("language", "written", "text"), DANGERS)
def test_safety_message_is_in_the_language_of_the_text(
    language: str, written: str, text: str
) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert chat.shows(safety.READ_ALONE)
    assert {say.language for say in chat.last_messages} == {written}
    assert "!language" in chat.keys


@pytest.mark.parametrize(("language", "text"), OTHERS)
def test_no_language_is_offered_for_other_texts(language: str, text: str) -> None:
    chat = Chat.start(language, understanding=REAL).says(text)
    assert not _languages(chat)
    assert chat.conversation.language == language


def test_words_offer_no_language_for_a_text_of_a_few_letters() -> None:
    assert WORDS.written("паспорт", "kk") is None
