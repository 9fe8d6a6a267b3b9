"""The flow about the pilot's interview: its stages, and practice of Kazakh in both scripts."""

import pytest

from bot.i18n import kazakh_arabic
from flows import interview as flow
from flows.knowledge import contacts, pilot_2026, settling
from flows.knowledge.intents.cautions import CITIZENSHIP_EXAM
from flows.knowledge.quiz import EXERCISES, Exercise
from tests.flows.answers import NEXT_YEAR, TODAY, parts
from tests.flows.chat import LANGUAGES, WORDS, Chat

RIGHT = [each.right for each in EXERCISES]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.key)
def test_kazakh_exercise_is_the_same_in_both_scripts(exercise: Exercise) -> None:
    assert kazakh_arabic.to_arabic(exercise.kazakh) == exercise.arabic
    assert exercise.right in {option.key for option in exercise.among}


@pytest.mark.parametrize("exercise", EXERCISES[-2:], ids=lambda each: each.key)
def test_kazakh_exercise_has_a_source(exercise: Exercise) -> None:
    assert exercise.source.startswith("https://")


def test_kazakh_exercise_correct_answers_are_at_different_positions() -> None:
    places = {[o.key for o in each.among].index(each.right) for each in EXERCISES}
    assert len(places) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_kazakh_exercise_explains_a_wrong_answer_at_once(language: str) -> None:
    chat = Chat.start(language, "interview").presses("practice", "thanks")
    assert chat.name == "note_hello"
    assert chat.shows(flow.NOT_QUITE)
    assert chat.shows(EXERCISES[0].why)
    assert chat.presses("seen").name == "quiz_your_name"


def test_kazakh_exercise_ends_in_the_menu_after_correct_answers() -> None:
    chat = Chat.start("zh_Hans", "interview").presses("practice", *RIGHT)
    assert chat.shows(flow.PRACTISED)
    assert chat.question_key == "~menu"
    assert chat.effects == []


def test_interview_stages_are_shown_only_during_the_2026_pilot() -> None:
    texts = [part for text in flow.result_texts({"wish": "stages"}, TODAY) for part in parts(text)]
    for fact in pilot_2026.PILOT:
        assert fact.text in texts
    later = list(flow.result_texts({"wish": "stages"}, NEXT_YEAR))
    assert later == [pilot_2026.PHASE.ended, flow.ASK]


def test_interview_names_the_exam_site_only_for_the_citizenship_exam() -> None:
    texts = [part for text in flow.result_texts({"wish": "stages"}, TODAY) for part in parts(text)]
    assert [text for text in texts if "testcenter" in text.msgid] == [contacts.TESTS.text]
    at = texts.index(contacts.TESTS.text)
    assert {CITIZENSHIP_EXAM, settling.EXAM.text} <= set(texts[:at])


def test_interview_place_in_russian_says_no_more_than_its_source() -> None:
    assert WORDS.render(pilot_2026.INTERVIEW.text, "ru") == (
        "Собеседование проводят по месту пребывания."
    )
