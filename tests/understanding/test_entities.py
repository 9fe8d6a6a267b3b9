"""Extraction of the values that a message mentions: family size, countries, region."""

import pytest

from bot.understanding.engine_adapter import EngineRecognizer
from bot.understanding.entities import MAX_FAMILY, extract
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
    ("line", "size"),
    [
        ("семья, человек: 4", 4),
        ("семья, 3 взрослых человека", 3),
        ("семья, 3 взрослых шумных человека", None),
        ("семья, 115 человек", None),
        ("семья, 012 человек", None),
        ("семья, трое человек", 3),
        ("отбасында адам 5 жаста", None),
        ("семья, человеку 2 года", None),
        ("oilada odam 6 oylik", None),
        ("семья, двое человек пяти лет", 2),
        ("全家三五口", None),
        ("全家十一口", 11),
        ("全家九十九口", None),
    ],
)
def test_family_size_is_extracted_next_to_the_word_for_people(line: str, size: int | None) -> None:
    assert extract(line).family_size == size


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
    ("line", "region"),
    [
        ("阿拉木图州，护照", "almaty_region"),
        ("сначала Астана, потом Алматы", "astana"),
        ("ско", "north_kazakhstan"),
        ("скоро", None),
        ("уст каменогорск", "east_kazakhstan"),
    ],
)
def test_extracted_region_is_the_first_in_the_message(line: str, region: str | None) -> None:
    assert extract(line).region == region


@pytest.mark.parametrize("written", ["я из {}", "{}дан келдім", "{}danman", "我来自{}", "我是{}人"])
def test_region_or_town_suggests_no_other_country(written: str) -> None:
    for row in rows("places"):
        for name in row["names"].split(", "):
            origin = extract(written.format(name)).country_of_origin
            assert origin in (None, row["country"]), name


def test_entities_of_a_message_are_returned_as_texts() -> None:
    found = EngineRecognizer.load().entities("мы из Монголии, семья из двух человек")
    assert found["country_of_origin"] == "MN"
    assert found["family_size"] == "2"
