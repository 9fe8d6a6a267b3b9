"""The list of family members asks to check a husband or wife under 18, and two of them."""

import pytest

from flows.preregistration.after_consent import CHECK_MEMBER, CHECK_SPOUSES
from tests.flows.chat import LANGUAGES, Chat, chat_at


def _with_family(*members: tuple[str, str], language: str = "ru") -> Chat:
    chat = chat_at("family", language, applying="family")
    for relation, age_band in members:
        chat.presses("add", relation, age_band)
        if relation == "spouse":
            chat.presses("yes")
    return chat


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("age_band", ["under14", "14to15", "16to17"])
def test_spouse_under_18_is_to_be_checked(age_band: str, language: str) -> None:
    chat = _with_family(("child", "adult"), ("spouse", age_band), language=language)
    assert chat.shows(CHECK_MEMBER, number=2)
    assert not chat.shows(CHECK_MEMBER, number=1)
    assert not chat.shows(CHECK_SPOUSES)
    (spouse,) = chat.form().members["family"][1:]
    assert not chat.presses(f"remove.{spouse}").shows(CHECK_MEMBER)


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_spouses_are_to_be_checked(language: str) -> None:
    chat = _with_family(("spouse", "adult"), ("spouse", "adult"), language=language)
    assert chat.shows(CHECK_SPOUSES)
    assert not chat.shows(CHECK_MEMBER)
    assert "done" in chat.keys


def test_usual_family_needs_no_check() -> None:
    chat = _with_family(("spouse", "adult"), ("child", "under14"), ("parent", "adult"))
    assert not chat.shows(CHECK_MEMBER)
    assert not chat.shows(CHECK_SPOUSES)
