"""A person who is asked who comes along names somebody instead of choosing to add a person."""

import pytest

from tests.flows.recognizer import recognizing_chat_at


@pytest.mark.parametrize(
    ("language", "typed", "relation"),
    [
        ("ru", "жена", "spouse"),
        ("ru", "с мамой", "parent"),
        ("kk", "әйелім", "spouse"),
        ("kk", "немерем", "other"),
        ("kk_Arab", "ايەلىم", "spouse"),
        ("zh_Hans", "爱人", "spouse"),
        ("zh_Hans", "孫子", "other"),
        ("uz", "oʻgʻlim", "child"),
        ("uz_Cyrl", "неварам", "other"),
    ],
)
def test_named_member_is_added_with_the_relation(language: str, typed: str, relation: str) -> None:
    chat = recognizing_chat_at("family", language).says(typed)
    (member,) = chat.form().members["family"]
    assert chat.stored_answers()[f"relation@{member}"] == relation
    assert chat.name == "age_band"


@pytest.mark.parametrize(("language", "typed"), [("ru", "жена и дети"), ("zh_Hans", "老婆和孩子")])
def test_several_named_members_are_added_one_by_one(language: str, typed: str) -> None:
    assert recognizing_chat_at("family", language).says(typed).name == "relation"


def test_label_of_the_button_adds_a_person_without_a_relation() -> None:
    assert recognizing_chat_at("family").says("Добавить человека").name == "relation"
