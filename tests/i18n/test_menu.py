"""The written forms (language and script) in the menu of languages: names, tags and directions.

A platform's language tag selects the best match among them.
"""

import pytest

from bot.config.settings import Settings
from bot.i18n import NAMES, Languages, direction, tag
from tests.vectors import rows


def test_language_menu_lists_six_written_forms_by_their_own_names() -> None:
    assert Settings.model_fields["languages"].default == tuple(NAMES)
    assert list(NAMES) == [row["folder"] for row in rows("locales")]
    assert Languages().languages() == (
        ("kk", "Қазақша"),
        ("kk_Arab", "قازاقشا"),
        ("ru", "Русский"),
        ("zh_Hans", "中文"),
        ("uz", "Oʻzbekcha"),
        ("uz_Cyrl", "Ўзбекча"),
    )


@pytest.mark.parametrize("row", rows("locales"), ids=lambda row: row["folder"])
@pytest.mark.row(62)
def test_language_tags_and_directions_agree_with_the_test_vectors(row: dict[str, str]) -> None:
    assert direction(row["folder"]) == row["direction"]
    assert row["bcp47"].replace("-Cyrl-KZ", "").startswith(tag(row["folder"]))


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        ("kk", "kk"),
        ("kk-KZ", "kk"),
        ("kk_Cyrl_KZ", "kk"),
        ("kk-Arab", "kk_Arab"),
        ("kk_arab_cn", "kk_Arab"),
        ("kk-CN", "kk_Arab"),
        ("kk-Latn", None),
        ("ru", "ru"),
        ("ru-UZ", "ru"),
        ("zh-hans", "zh_Hans"),
        ("zh-hans-raw", "zh_Hans"),
        ("zh_Hant_TW", "zh_Hans"),
        ("zh", "zh_Hans"),
        ("uz", "uz"),
        ("uz-Latn-UZ", "uz"),
        ("uz-Cyrl", "uz_Cyrl"),
        ("uz-Arab-AF", None),
        ("pt-br", None),
        ("", None),
        ("-", None),
    ],
)
@pytest.mark.row(62)
def test_closest_language_follows_the_language_tag_of_the_platform(
    hint: str, code: str | None
) -> None:
    assert Languages().closest(hint) == code


def test_closest_language_is_an_enabled_one_or_none() -> None:
    assert Languages(("ru", "uz_Cyrl")).closest("uz") == "uz_Cyrl"
    assert Languages(("ru", "uz_Cyrl")).closest("uz-Latn") is None
