"""A number typed at a question with options: the option's position, or an answer of its own."""

from itertools import pairwise

import pytest

from flows import FLOWS
from flows.engine import screens
from flows.engine.effects import Submit
from flows.engine.flow import RepeatingGroup
from flows.engine.language_protocol import Refusal
from flows.engine.refusals import REFUSALS
from tests.flows.chat import Chat, chat_at, default_answer

# Questions that people may answer with a number: days, months, a count or a grade.
# At these questions, a typed number is not the position of an option.
NOT_BY_POSITION = {
    ("preregistration", "stay_ends"),
    ("preregistration", "passport"),
    ("preregistration", "timeframe"),
    ("preregistration", "kazakh_level"),
    ("preregistration", "age_band"),
    ("preregistration", "family"),
    ("checklist", "family"),
    ("checklist", "child_papers"),
    ("asked_timeframe", "timeframe"),
}


def _chat_at_age() -> Chat:
    return chat_at("family", applying="family").presses("add", "child")


def test_number_is_a_position_at_all_questions_except_the_listed_ones() -> None:
    found = {
        (flow.name, item.name)
        for flow in FLOWS.values()
        for item in flow.questions()
        if (item.options or isinstance(item, RepeatingGroup)) and not item.by_position
    }
    assert found == NOT_BY_POSITION


@pytest.mark.parametrize(
    ("typed", "band"),
    [("1", "under14"), ("2", "under14"), ("3", "under14"), ("4", "under14"), ("4.", "under14"),
     ("４", "under14"), ("四", "under14"), ("4 года", "under14"), ("4 жаста", "under14"),
     ("4 yosh", "under14"), ("4岁", "under14"), ("13", "under14"), ("14", "14to15"),
     ("16", "16to17"), ("18", "adult"), ("45 лет", "adult"), ("0-13 лет", None), ("200", None)],
)  # fmt: skip
def test_age_question_understands_a_typed_age(typed: str, band: str | None) -> None:
    chat = _chat_at_age()
    asked = chat.question_key
    assert chat.says(typed).stored_answers().get(asked) == band


def test_child_of_four_years_is_submitted_as_a_child() -> None:
    chat = _chat_at_age().says("4").presses("done")
    while chat.name != "review":
        chat.answers(default_answer(chat.name))
    [sent] = chat.presses("submit").effects_of(Submit)
    assert sent.members["family"][0]["age_band"] == "under14"


@pytest.mark.parametrize("typed", ["1", "2", "3.", "４", "2 года"])
@pytest.mark.parametrize("question", ["passport", "stay_ends", "timeframe", "kazakh_level"])
def test_number_is_no_position_at_questions_about_time_or_degree(question: str, typed: str) -> None:
    chat = chat_at(question, location="kazakhstan").says(typed)
    assert chat.name == question
    assert question not in chat.stored_answers()
    is_period = question in ("passport", "timeframe") and typed == "2 года"
    assert chat.shows(REFUSALS[Refusal.NOT_LISTED]) is not is_period


def test_number_of_people_is_no_position_at_the_family_questions() -> None:
    chat = chat_at("family", applying="family").presses("add", "child", "under14")
    assert chat.says("3", "2").name == "family"
    assert len(chat.form().members["family"]) == 1
    chat = Chat.start("ru", "checklist").presses("kandas_status", "MN")
    chat.says("2")
    assert chat.name == "family"
    chat.presses("both").says("2")
    assert chat.name == "child_papers"


def test_refusal_does_not_propose_the_number_of_a_button() -> None:
    chat = chat_at("passport")
    shown = [chat.says("2").last_messages[0].paragraphs[0][0] for _time in range(5)]
    assert screens.NOT_FOUND_STILL not in shown
    assert all(one != other for one, other in pairwise(shown))
    assert not chat.last_messages[0].by_position
