"""Extraction of the values that a message mentions: family size, countries, region, document."""

import pytest

from bot.understanding.engine_adapter import EngineRecognizer
from bot.understanding.entities import MAX_CHILDREN, MAX_FAMILY, extract
from tests.vectors import rows


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("我们一家三口", 3),
        ("一家十口人", 10),
        ("全家十二口", 12),
        ("我家二十口人", 20),
        ("家里有5个人", 5),
        ("一家口", None),
        ("семья из 2 человек", 2),
        (f"семья из {MAX_FAMILY} человек", MAX_FAMILY),
        (f"семья из {MAX_FAMILY + 1} человека", None),
        ("семья из 0 человек", None),
        ("семья из 1 человека", 1),
        ("5 человек", None),
    ],
)
def test_family_size_is_extracted_within_its_limits(line: str, size: int | None) -> None:
    assert extract(line).family_size == size


@pytest.mark.parametrize(
    ("line", "children"),
    [
        ("我有两个孩子", 2),
        ("我有十一个孩子", 11),
        (f"我有{MAX_CHILDREN}个孩子", MAX_CHILDREN),
        ("我有十六个孩子", None),
        ("我有三五个孩子", None),
        ("我有一个孩子", 1),
        ("у меня дети: 4", 4),
        ("у меня 3 маленьких детей", 3),
        ("у меня 3 маленьких шумных детей", None),
        ("у меня 115 детей", None),
        ("у меня 012 детей", None),
        ("дети 0", None),
        ("трое детей", 3),
        ("балам 5 жаста", None),
        ("ребёнку 2 года", None),
        ("bolam 6 oylik", None),
        ("у меня 5-летний ребёнок", None),
        ("двое детей пяти лет", 2),
    ],
)
def test_number_of_children_is_extracted_next_to_the_word_children(
    line: str, children: int | None
) -> None:
    assert extract(line).children == children


@pytest.mark.parametrize(
    ("line", "origin", "residence"),
    [
        ("我是中国人", "CN", None),
        ("我住在土耳其", None, "TR"),
        ("живу в Турции, сам из Монголии", "MN", "TR"),
        ("из Казахстана", None, None),
        ("я из Китая, брат из Турции", None, None),
        ("Муж гражданин Китая, а я гражданка Узбекистана", None, None),
        ("Күйеуім Қытай азаматы, мен Өзбекстан азаматымын", None, None),
        ("я не гражданин Китая, я гражданин Монголии", None, None),
        ("我丈夫是中国人，我是蒙古国籍", None, None),
        ("живу в Китае, раньше жил в Турции", None, "CN"),
        ("из Китая, из Синьцзяна", "CN", None),
        ("拿了哈国国籍", None, None),
        ("Моңғолкүреден келдім", "CN", None),
        ("Ішкі Моңғолиядан келдім", "CN", None),
        ("я из Монголкюре", "CN", None),
        ("我是内蒙古人", "CN", None),
        ("我来自蒙古国", "MN", None),
        ("我是中国人，想加入哈萨克斯坦国籍", "CN", None),
        ("паспорт Узбекистана", "UZ", None),
        ("Узбекистана паспорт", "UZ", None),
        ("был в Китае", None, None),
    ],
)
def test_countries_are_extracted_by_the_words_beside_them(
    line: str, origin: str | None, residence: str | None
) -> None:
    found = extract(line)
    assert (found.country_of_origin, found.country_of_residence) == (origin, residence)


@pytest.mark.parametrize(
    ("line", "region", "document"),
    [
        ("阿拉木图州，护照", "almaty_region", "passport"),
        ("диплом и паспорт", None, "diploma"),
        ("сначала Астана, потом Алматы", "astana", None),
        ("ско", "north_kazakhstan", None),
        ("скоро", None, None),
        ("уст каменогорск", "east_kazakhstan", None),
    ],
)
def test_extracted_region_and_document_are_the_first_in_the_message(
    line: str, region: str | None, document: str | None
) -> None:
    found = extract(line)
    assert (found.region, found.document) == (region, document)


@pytest.mark.parametrize("written", ["я из {}", "{}дан келдім", "{}danman", "我来自{}", "我是{}人"])
def test_region_or_town_suggests_no_other_country(written: str) -> None:
    for row in rows("places"):
        for name in row["names"].split(", "):
            origin = extract(written.format(name)).country_of_origin
            assert origin in (None, row["country"]), name


def test_entities_of_a_message_are_returned_as_texts() -> None:
    found = EngineRecognizer.load().entities("мы из Монголии, двое детей")
    assert found["country_of_origin"] == "MN"
    assert found["children"] == "2"
