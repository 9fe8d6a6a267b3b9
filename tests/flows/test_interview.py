"""The stages of the pilot, and practice in Kazakh in both scripts."""

import pytest

from bot.i18n import kazakh_arabic
from flows import interview as flow
from flows.knowledge import pilot_2026
from flows.knowledge.quiz import EXERCISES, Exercise
from tests.flows.answers import NEXT_YEAR, TODAY, parts
from tests.flows.chat import LANGUAGES, Chat

RIGHT = [each.right for each in EXERCISES]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.key)
def test_both_scripts_say_the_same(exercise: Exercise) -> None:
    assert kazakh_arabic.to_arabic(exercise.kazakh) == exercise.arabic
    assert exercise.right in {option.key for option in exercise.among}


@pytest.mark.parametrize("exercise", EXERCISES[-2:], ids=lambda each: each.key)
def test_a_custom_has_a_source(exercise: Exercise) -> None:
    assert exercise.source.startswith("https://")


def test_the_right_answer_is_not_always_in_the_same_place() -> None:
    places = {[o.key for o in each.among].index(each.right) for each in EXERCISES}
    assert len(places) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_not_known_is_explained_at_once(language: str) -> None:
    chat = Chat.begun(language, "interview").presses("practice", "thanks")
    assert chat.name == "note_hello"
    assert chat.shows(flow.NOT_QUITE)
    assert chat.shows(EXERCISES[0].why)
    assert chat.presses("seen").name == "quiz_your_name"


def test_who_knows_everything_sees_no_correction_and_no_points() -> None:
    chat = Chat.begun("zh_Hans", "interview").presses("practice", *RIGHT)
    assert chat.shows(flow.PRACTISED)
    assert chat.at == "~menu"
    assert chat.effects == []


def test_the_stages_are_said_while_the_pilot_lasts() -> None:
    told = [part for text in flow.spoken({"wish": "stages"}, TODAY) for part in parts(text)]
    for fact in pilot_2026.PILOT:
        assert fact.text in told
    later = list(flow.spoken({"wish": "stages"}, NEXT_YEAR))
    assert later == [flow.NO_STAGES, flow.ASK]
