"""Recognition of yes, no and reserved words in every language and script."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import crisis_words, normalization, reserved_words, small_talk
from flows.engine.language_protocol import SAFETY, Reserved
from tests.vectors import rows

MEANING = {"yes": True, "no": False, "unclear": None}
EVERY_FORM = {"kk", "kk_Arab", "kk_Latn", "ru", "zh_Hans", "uz", "uz_Cyrl", "en"}


@pytest.mark.parametrize("row", rows("yes_no"), ids=lambda row: f"{row['typed']}-{row['locale']}")
def test_yes_no_recognition_agrees_with_the_test_vectors(row: dict[str, str]) -> None:
    assert reserved_words.yes_no(row["typed"], row["locale"]) is MEANING[row["meaning"]]


@pytest.mark.parametrize("language", ["kk", "kk_Arab"])
def test_yes_no_recognition_in_kazakh_rejects_ambiguous_russian_words(language: str) -> None:
    assert reserved_words.yes_no("да", language) is None
    assert reserved_words.yes_no("не", language) is None
    assert reserved_words.yes_no("нет", language) is False
    assert reserved_words.yes_no("Да!", "uz") is True


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("👍🏽👍🏽", True),
        ("✅ Иә!", True),
        ("+", True),
        ("1️⃣", True),
        ("ＹＥＳ", True),
        ("-", False),
        ("👍👎", None),
        ("+-", None),
        ("да/нет", None),
        ("жоқ?", None),
        ("好？", None),
        ("", None),
        ("\u200b", None),
        ("🏽", None),
    ],
)
def test_yes_no_ignores_emoji_and_punctuation(typed: str, meaning: bool | None) -> None:
    assert reserved_words.yes_no(typed, "ru") is meaning


@pytest.mark.parametrize(
    "typed", ["stop", "тоқта", "停止", "to'xta", "стоп", "STOP!!", "توقتا", "Тўхта."]
)
def test_stop_word_is_recognized_in_every_language(typed: str) -> None:
    assert reserved_words.safety_word(typed) is Reserved.STOP


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("Шығу", Reserved.EXIT),
        ("退出", Reserved.EXIT),
        ("/DELETE", Reserved.DELETE),
        ("ٶشىرۋ", Reserved.DELETE),
        ("o‘chirish", Reserved.DELETE),
        ("Человек!", Reserved.PERSON),
        ("адам керек", Reserved.PERSON),
        ("مامان", Reserved.PERSON),
        ("mutaxassis", Reserved.PERSON),
        ("工作人员", Reserved.PERSON),
        ("客服", Reserved.PERSON),
        ("Оператор", Reserved.PERSON),
        ("operator", Reserved.PERSON),
        ("consultant", Reserved.PERSON),
        ("кеңесші", Reserved.PERSON),
    ],
)
def test_safety_words_are_recognized(typed: str, word: Reserved) -> None:
    assert reserved_words.safety_word(typed) is word
    assert reserved_words.reserved_word(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "Я не понимаю!",
        "Что тут написано?",
        "Түсінбеймін",
        "تۇسىنبەيمىن",
        "我不懂。",
        "Tushunmadim",
        "тушунмадим",
        "ovoz chiqarib o'qib bering",
        "I don’t understand",
    ],
)
def test_sentences_like_i_do_not_understand_are_read_as_the_word_help(typed: str) -> None:
    assert reserved_words.reserved_word(typed) is Reserved.HELP


@pytest.mark.parametrize(
    "typed",
    [
        "xato yozdim",
        "Aytmayman",
        "ruscha",
        "yordam bering",
        "Qate jazdym",
        "ne skazhu",
        "wo bu xiang shuo",
        "I don't know",
        "ok",
        "qo'ng'iroq qiling",
        "call me",
    ],
)
def test_sentences_about_the_form_are_recognized_as_small_talk(typed: str) -> None:
    assert small_talk.is_small_talk(typed)
    assert not small_talk.is_small_talk("Ok")
    assert not small_talk.is_small_talk("Nima")


@pytest.mark.parametrize(
    "typed", ["0", "", "stop it please", "Адам", "Adam", "қызметкер", "👍", "не стоп"]
)
def test_ordinary_answers_are_not_recognized_as_reserved_words(typed: str) -> None:
    assert reserved_words.safety_word(typed) is None
    assert reserved_words.reserved_word(typed) is None


@pytest.mark.parametrize("word", sorted(reserved_words.RESERVED))
def test_reserved_words_are_recognized_in_every_language(word: Reserved) -> None:
    forms = reserved_words.RESERVED[word]
    assert forms.keys() == EVERY_FORM
    for line in forms.values():
        for phrase in line.split(", "):
            found = reserved_words.safety_word(phrase) or reserved_words.reserved_word(phrase)
            assert found is word
            assert (reserved_words.safety_word(phrase) is not None) == (word in SAFETY)


def test_reserved_words_except_start_all_have_phrases() -> None:
    assert reserved_words.RESERVED.keys() == set(Reserved) - {Reserved.START}


def test_reserved_words_do_not_overlap_with_each_other_or_yes_no() -> None:
    phrases = {
        word: {normalization.fold(p) for line in forms.values() for p in line.split(", ")}
        for word, forms in reserved_words.RESERVED.items()
    }
    for one, other in combinations(phrases.values(), 2):
        assert not one & other
    for phrase in set().union(*phrases.values()):
        assert reserved_words.yes_no(phrase, "ru") is None


@pytest.mark.parametrize(
    ("typed", "meaning"), [("راستايمىن", True), ("دۇرىس ەمەس", False), ("مەن ەمەس", None)]
)
def test_yes_no_words_are_recognized_in_arabic_script(typed: str, meaning: bool | None) -> None:
    assert reserved_words.yes_no(typed, "kk_Arab") is meaning


@pytest.mark.parametrize("typed", ["ءتىرى ادام", "адам керек", "тилни ўзгартириш"])
def test_reserved_words_are_recognized_in_derived_scripts(typed: str) -> None:
    assert reserved_words.safety_word(typed) or reserved_words.reserved_word(typed)


@pytest.mark.parametrize(
    "typed",
    ["Мені қорқытып жатыр!", "مەنى قورقىتىپ جاتىر", "xavf ostidaman", "хавф остидаман", "救命！"],
)
def test_crisis_words_are_detected_in_every_script(typed: str) -> None:
    assert crisis_words.danger(typed)
    assert not crisis_words.danger("Менің сұрағым бар")


@pytest.mark.parametrize(
    "typed",
    [
        "Мен қауіптемін",
        "Бізге қауіп төніп жатыр",
        "Өмірім қауіпте",
        "Мені ұстап алды, көмектесіңіз",
        "Әкемді қамап қойды",
        "قاماپ قويدى",
        "Меня забрали в полицию",
        "Мне грозит опасность",
        "我爸爸被带走了",
        "我害怕他们",
        "Hayotim xavfda",
        "Meni o'ldirishmoqchi",
        "Қамаб қўйишди",
        "I’m in danger",
        "zhangfu da wo",
        "Wo laogong da wo le!",
        "wo baba bei zhua zou le",
        "ta bei daizou le",
        "wo bu xiang huo le",
        "jiuming a",
        "被拘留了，家里没人",
        "我爸被拘留过年都没放出来",
        "以前被拘留过，现在又被抓走了",
        "Консулдыққа баруға қорқам",
        "كونسۋلدىققا بارۋعا قورقامىن",
        "полиция күнде келеді",
        "балама күш көрсетеді",
        "боюсь идти в консульство",
        "полиция хочет забрать",
        "я беременна, и мне некуда идти",
        "консулхонага боришга қўрқаман",
        "不敢去领事馆",
        "老板不给工资还扣护照",
        "护照被学校收了",
        "回去会坐牢",
        "Издевается свекровь",
        "начальник домогается",
        "начальник домогается меня, требует денег",
        "күйеуім маған тиіседі, менің барар жерім жоқ",
        "har kuni militsiya kelayapti",
        "бастығым тиіседі маған",
        "پاسپورتىمدى الىپ قويدى",
        "қайтсам қамашади",
        "elchixonaga borishga qoʻrqyapman",
        "害怕去领事馆",
        "她是不是被逼结婚",
        "丈夫打我，孩子还小，我能自己申请吗",
        "меня разыскивает Китай, если приеду, выдадут?",
        "завтра суд за просрочку, боюсь, депортируют в Синьцзян",
        "нас вышлют в Китай",
        "мені Қытайға қайтарып жібере ме деп қорқамын",
        "Xitoyga qaytarib yuborishadi",
    ],
)
def test_crisis_words_are_detected_in_plain_phrases(typed: str) -> None:
    assert crisis_words.danger(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "Қауіпсіздік ережелері қандай?",
        "Қатерлі ісік анықтамасы керек пе?",
        "Мен Қамау ауылында тудым",
        "Мне грозит штраф за просрочку?",
        "Меня зовут Тестова, забрали ли вы мою заявку?",
        "Безопасность, 25",
        "У меня забрали паспорт на проверку",
        "安全检查要多久？",
        "我带走了护照",
        "Xavfsizlik uchun nima kerak?",
        "Qamashi tumanida tugʻilganman",
        "Is it dangerous to register?",
        "wo jiu mingtian qu",
        "WEN JIABAO",
        "nevaralarni ham yozishadimi",
        "zhangfu da dianhua",
        "wo xiang siren yisheng",
        "bu xiang huode guoji",
        "我被拘留过，影响申请吗",
        "以前被关押五天，能办吗",
        "wo bei juliu guo",
        "Консулдыққа баруға қандай құжат керек?",
        "领事馆会扣护照吗",
        "Вы надо мной издеваетесь?",
        "я не боюсь идти в посольство",
        "не страшно пойти в консульство",
        "我不怕去领事馆",
        "没有人逼我结婚，我没被迫结婚",
        "Konsulxonaga borishga qo'rqmayman",
        "элчихонага боришга қўрқмайман",
        "бұл ақша маған тиіседі ме?",
        "ماعان تيىسەدى مە",
        "маған тиіседі ме екен",
        "чиновник домогается взятки",
        "домогаются денег за подпись",
        "har kuni militsiya kelmaydi",
        "милиция ҳар куни келмайди",
        "丈夫打我电话没接到",
        "老公打我的手机说没收到短信",
        "документы вышлют в Китай по почте?",
        "меня ищет начальник в Китае",
    ],
)
def test_crisis_words_do_not_match_questions_names_and_places(typed: str) -> None:
    assert not crisis_words.danger(typed)


@given(st.text(st.characters()))
def test_reserved_words_never_raise_on_any_text(typed: str) -> None:
    assert reserved_words.yes_no(typed, "kk") in (True, False, None)
    assert reserved_words.safety_word(typed) is None or reserved_words.reserved_word(typed) is None


def test_release_announcement_quotes_words_that_kosh_understands() -> None:
    """The release announcement names words for an officer and for the quick exit: check each."""
    page = Path(__file__).parents[2] / "docs/releases/2026.12.0-announcement.md"
    texts = page.read_text("utf-8").split("\n## ")
    assert len(texts) == 5
    for text in texts:
        quoted = re.findall(r"[«“\"]([^»”\"]+)[»”\"]", text)
        meant = {reserved_words.safety_word(each) for each in quoted}
        assert {Reserved.PERSON, Reserved.EXIT} <= meant, text[:20]
