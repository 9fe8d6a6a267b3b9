"""A question about a permitted stay in days is not answered as one about the kandas status.

The kandas status of ethnic Kazakhs lasts for a year, a stay without a visa for days.
"""

import pytest

from bot.understanding import skeleton
from bot.understanding.decision import Certainty, decide
from bot.understanding.recognizer import Recognizer
from bot.understanding.stay_days import is_stay

STATUS, STAY = "kandas.extend", "permit.expired"


@pytest.mark.parametrize(
    "text",
    [
        "30 күнім ертең бітеді ұзартуға бола ма",
        "ертен 30 кундик мерзим аякталады узартуга улгеремин бе",
        "30 كۇنىم ەرتەڭ بىتەدى ۇزارتۋعا بولا ما",
        "мои 30 дней заканчиваются завтра можно продлить",
        "30天明天到期可以延期吗",
        "三十天快到了能延长吗",
        "30 kunim ertaga tugaydi uzaytirsa boladimi",
        "30 кун эртага тугайди, узайтирса бўладими?",
    ],
)
def test_question_about_a_stay_of_some_days_gets_the_topic_stay_offered(text: str) -> None:
    found = decide(Recognizer.load().recognize(text))
    assert found.certainty is Certainty.UNSURE
    assert STAY in [each.intent for each in found.options]


@pytest.mark.parametrize(
    "text",
    [
        "қандас мәртебем 20 күннен кейін бітеді, ұзартуға бола ма",
        "статус кандаса заканчивается через 10 дней, как продлить",
        "kandas maqomim 10 kunda tugaydi uzaytirsa boladimi",
    ],
)
def test_question_about_a_kandas_status_that_ends_in_days_is_answered(text: str) -> None:
    found = decide(Recognizer.load().recognize(text))
    assert (found.certainty, found.options[0].intent) == (Certainty.SURE, STATUS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 дней", True),
        ("отыз күн", True),
        ("三十天", True),
        ("30 лет", False),
        ("день", False),
        ("30 дней до конца статуса", False),
        ("坎达斯30天", False),
    ],
)
def test_stay_is_detected_by_a_number_of_days_without_the_word_status(
    text: str, expected: bool
) -> None:
    assert is_stay(skeleton.fold(text).words) is expected
