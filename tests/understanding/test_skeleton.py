"""A line's skeleton (the form in which texts are compared) is the same in every spelling.

It does not depend on script, keyboard layout, case and frequent typing errors.
"""

import pytest

from bot.understanding import skeleton

SAME = [
    ("Менің құжатым жоқ", "менин кужатым жок"),
    ("Менің құжатым жоқ", "мениң құжатым жоқ"),
    ("Менің құжатым жоқ", "مەنىڭ قۇجاتىم جوق"),
    ("Менің құжатым жоқ", "menin qujatym joq"),
    ("Менің құжатым жоқ", "meniń qujatym joq"),
    ("Менің құжатым жоқ", "MENIN KUZHATIM ZHOK"),
    ("мой паспорт просрочен", "moy pasport prosrochen"),
    ("мой паспорт просрочен", "МОЙ ПАСПОРТ ПРОСРОЧЕННННН"),
    ("россия", "росия"),
    ("детский", "децкий"),
    ("ещё", "еще"),
    ("ҳужжатим йўқ", "hujjatim yo'q"),
    ("ҳужжатим йўқ", "hujjatim yoʻq"),
    ("кўчиб кетмоқчиман", "ko4ib ketmoqchiman"),
    ("кўчиб кетмоқчиман", "koʻchib ketmoqchiman"),
    ("ＩＩＮ 是什么", "iin是什么"),
    ("аударма уақытша", "аўдарма ўақытша"),
    ("туылған бауырым", "tuwılǵan bawırım"),
    ("whatsapp", "WhatsApp"),
    ("шешем бауыр куйеуі істеу", "sheshem bawyr kuiewi istew"),
    ("WeChat ШЕШЕМ", "wechat sheshem"),
]
WRONG_KEYBOARD = [
    ("ghbdtn", "привет"),
    ("vjq gfcgjhn", "мой паспорт"),
    ("0fpf0", "қазақ"),
    ("йфтвфн", "qanday"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_normalized_text_is_the_same_for_two_spellings_of_a_line(one: str, other: str) -> None:
    assert skeleton.fold(one).words == skeleton.fold(other).words != ()


@pytest.mark.parametrize(("typed", "meant"), WRONG_KEYBOARD)
def test_normalized_text_corrects_the_wrong_keyboard_layout(typed: str, meant: str) -> None:
    readings = [line.words for line in skeleton.layouts(typed)]
    assert skeleton.fold(meant).words in readings


def test_normalized_text_replaces_traditional_by_simplified_characters() -> None:
    assert skeleton.fold("綠卡怎麼申請？") == skeleton.fold("绿卡怎么申请？")


def test_normalized_text_distinguishes_different_words() -> None:
    lines = ["паспорт", "пенсия", "грант", "护照", "签证", "бала", "bola"]
    assert len({skeleton.fold(line).words for line in lines}) == len(lines)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\u200b\u200f", "…", "😀😀", "\ud800"])
def test_normalized_text_is_empty_for_a_text_without_words(text: str) -> None:
    assert skeleton.fold(text).words in ((), ("",))


def test_normalized_text_of_a_long_message_keeps_beginning_and_end() -> None:
    words = skeleton.fold(f"алғашқы {'сөз ' * 5000}соңғы").words
    assert words[0] == skeleton.fold("алғашқы").words[0]
    assert len(words) <= skeleton.MAX_WORDS


def test_normalized_text_replaces_links_and_numbers() -> None:
    one = skeleton.fold("позвоните +7 701 123 45 67 или http://one.example/a")
    assert one == skeleton.fold("позвоните 8 (702) 765-43-21 или https://two.example/b")


@pytest.mark.parametrize(
    ("text", "sentences", "clauses"),
    [
        ("паспорт", [], []),
        ("Паспорт. Пенсия!", ["паспорт", "пенсия !"], ["паспорт", "пенсия !"]),
        ("паспорт\nпенсия", ["паспорт", "пенсия"], ["паспорт", "пенсия"]),
        ("паспорт, пенсия и грант", [], ["паспорт", "пенсия", "и грант"]),
        ("护照怎么办还有养老金？", [], ["护照怎么办", "养老金 ?"]),
        ("考试考什么 面谈又问什么", [], ["考试考什么", "面谈又问什么"]),
        ("要办签证吗要交多少钱", [], ["要办签证吗", "要交多少钱"]),
        ("办 坎达斯 要多久", [], ["办 坎达斯", "要多久"]),
        ("төлқұжат және грант", [], ["төлқұжат", "және грант"]),
        ("pasport, va grant", [], ["pasport", "va grant"]),
        ("через 3.5 года", [], []),
        ("? ! .", [], []),
    ],
)
def test_normalized_text_is_cut_into_sentences_and_clauses(
    text: str, sentences: list[str], clauses: list[str]
) -> None:
    line = skeleton.fold(text)
    assert [each.words for each in skeleton.sentences(line, 9)] == [
        skeleton.fold(each).words for each in sentences
    ]
    assert [each.words for each in skeleton.clauses(line, 9)] == [
        skeleton.fold(each).words for each in clauses
    ]


def test_normalized_text_has_a_limited_number_of_parts() -> None:
    line = skeleton.fold("паспорт. пенсия. " * 40)
    assert len(skeleton.sentences(line, 6)) == len(skeleton.clauses(line, 6)) == 6


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("me bot t.me/kanal", "me bot"),
        ("看https://one.example/a他们要抓我", "看 他们要抓我"),
        ("看t.me/kanal他们要抓我", "看 他们要抓我"),
        ("сайт egov.kz, @kanal", "сайт , "),
        ("ular keldi.qoʻrqaman", "ular keldi.qoʻrqaman"),
        ("сказали 5.угрожают", "сказали 5.угрожают"),
        ("ular keldi.uzr", "ular keldi.uzr"),
    ],
)
def test_links_without_http_are_left_out_of_a_text(text: str, kept: str) -> None:
    assert skeleton.without_bare_links(text).split() == kept.split()
