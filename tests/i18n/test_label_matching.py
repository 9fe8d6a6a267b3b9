"""A few typed words resemble a label in another grammatical form."""

import pytest

from bot.i18n.label_matching import resembles


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("өзім", "Өзімді"),
        ("ءوزىم", "ءوزىمدى"),
        ("oilam bilan", "Oʻzim va oilam"),
        ("отбасыммен", "Өзім мен отбасымды"),
        ("другой человек", "Другого человека"),
        ("переехать", "Переехать жить"),
        ("和家人", "我和家人"),
        ("阿拉木图市区", "阿拉木图市"),
        ("нет паспорта", "У меня нет паспорта"),
        ("паспорт жоқ", "Паспортым жоқ"),
        ("没有护照", "我没有护照"),
    ],
)
def test_words_in_another_form_resemble_a_label(typed: str, label: str) -> None:
    assert resembles(typed, label)


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("я и семья", "Себя и семью"),
        ("не знаю точно", "Не уверен"),
        ("паспорт забрали у меня", "Паспорт"),
        ("да", "Дата"),
        ("我", "我和家人"),
        ("1987", "1–6"),
        ("2 года", "В течение года"),
        ("!!!", "Меню"),
        ("", "Меню"),
    ],
)
def test_words_of_another_meaning_resemble_no_label(typed: str, label: str) -> None:
    assert not resembles(typed, label)


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("паспорт есть", "У меня нет паспорта"),
        ("паспорт бар", "Паспортым жоқ"),
        ("پاسپورت بار", "پاسپورتىم جوق"),
        ("pasportim bor", "Pasportim yoʻq"),
        ("паспортим бор", "Паспортим йўқ"),
        ("有护照", "我没有护照"),
        ("гражданин Китая", "Без гражданства"),
        ("жұмыс", "Жұмыс істемеймін"),
        ("جۇمىس", "جۇمىس ىستەمەيمىن"),
        ("ish ishlash", "Ishlamayman"),
        ("ишлаш", "Ишламайман"),
        ("не говорю", "Говорю"),
        ("работать не хочу", "Работать"),
        ("отбасым емес", "Өзім мен отбасымды"),
        ("oilam emas", "Oʻzim va oilam"),
        ("ozim emes", "Oʻzim"),
        ("оилам эмас", "Ўзим ва оилам"),
        ("不会说", "会说"),
    ],
)
def test_words_of_the_opposite_meaning_resemble_no_label(typed: str, label: str) -> None:
    assert not resembles(typed, label)
