"""The recogniser's results for lines that it once misread, and for similar lines."""

import pytest

from bot.understanding.decision import Certainty, DangerLevel, Decision, decide
from bot.understanding.recognizer import Recognizer
from flows.knowledge.intents import BY_ID, Kind

PINYIN = (
    "wo shi ha sa ke zu",
    "woshi hasakezu",
    "wo zhu zai yili",
    "wo xiang qu hasakesitan",
)
DESCRIBED = (
    ("мама казашка из монголии паспорт потеряла", "documents.missing"),
    ("папа казах, мы из ирана, у меня украли паспорт", "documents.missing"),
    ("шешем қазақ Ираннанбыз паспорт жоғалып кетті", "documents.missing"),
    ("onam qozoq Erondanmiz pasportim yo'qolib qoldi", "documents.missing"),
    ("妈妈是哈族，我们从伊朗来的，护照丢了", "documents.missing"),
    ("30 kundan oshdi, O'zbekistondanman", "permit.expired"),
    ("30 күннен асты, Өзбекстаннанмын", "permit.expired"),
)
TOMORROW = ("ертага", "ертеңге", "ertaga", "завтра", "ертең", "明天")


def _decision(line: str) -> Decision:
    return decide(Recognizer.load().recognize(line))


@pytest.mark.parametrize("line", PINYIN)
def test_recognizer_detects_no_danger_in_harmless_pinyin(line: str) -> None:
    assert _decision(line).danger is DangerLevel.NONE


@pytest.mark.parametrize(("line", "intent"), DESCRIBED)
def test_recognizer_finds_the_question_next_to_a_description_of_the_person(
    line: str, intent: str
) -> None:
    assert intent in [each.intent for each in _decision(line).options]


@pytest.mark.parametrize("line", TOMORROW)
def test_recognizer_does_not_take_the_word_tomorrow_for_a_goodbye(line: str) -> None:
    found = _decision(line)
    kinds = {BY_ID[each.intent].kind for each in found.options}
    assert found.certainty is not Certainty.SURE or kinds == {Kind.NONE}
