"""Patterns that detect danger in English and Turkish, languages for which no model is trained."""

import re
from itertools import chain
from time import process_time

import pytest

from bot.i18n import crisis_patterns
from bot.understanding import evaluation, phrases
from flows.knowledge.intents import BY_ID, Kind
from flows.knowledge.safety import SAFETY
from tests.understanding import other_languages

# The minimum share of test lines about danger that match, the minimum share of these matches
# without a wrong intent, and the maximum share of other lines that match. The same author wrote
# lines and patterns; lines of other people would match less often.
MIN_DETECTED, MIN_KIND, MAX_ALARMS = 0.98, 0.95, 0.02


@pytest.mark.parametrize("form", ["en", "tr"])
def test_crisis_patterns_detect_danger_in_unsupported_languages(form: str) -> None:
    lines = [(kind, text) for language, kind, text in other_languages() if language == form]
    danger = [(kind, crisis_patterns.intent(text)) for kind, text in lines if kind != "calm"]
    harmless = [crisis_patterns.intent(text) for kind, text in lines if kind == "calm"]
    detected = [(kind, found) for kind, found in danger if found is not None]
    assert len(detected) >= MIN_DETECTED * len(danger)
    assert sum(found in (kind, "") for kind, found in detected) >= MIN_KIND * len(detected)
    assert len(harmless) - harmless.count(None) <= MAX_ALARMS * len(harmless)


def test_crisis_patterns_match_almost_no_text_in_supported_languages() -> None:
    held = [each.phrase for each in evaluation.held_lines()]
    harmless = [
        each for each in (*held, *phrases.read_all()) if BY_ID[each.intent].kind is not Kind.DANGER
    ]
    false_alarms = [each.text for each in harmless if crisis_patterns.intent(each.text) is not None]
    assert len(false_alarms) <= 5, false_alarms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "паспорт",
        "I took my daughter to school",
        "They took my documents and said to wait fifteen days",
        "one document is missing from my list",
        "I don't want to live in China anymore",
        "could you send me back the code",
        "annemi hastaneye götürdüm",
        "başvurumdan haber alamadım",
        "Çin'de yaşamak istemiyorum",
        "deport bo'lganman, kirsam bo'ladimi",
    ],
)
def test_crisis_patterns_do_not_match_similar_harmless_questions(text: str) -> None:
    assert crisis_patterns.intent(text) is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("THEY ARRESTED MY BROTHER!!!", "danger.detained"),
        ("I don‘t want to live", "danger.self_harm"),
        ("İntihar", "danger.self_harm"),
        ("GÖZALTINA ALINDI", "danger.detained"),
        ("gozaltina alindi", "danger.detained"),
        ("We wait. The police has taken my son", "danger.detained"),
        ("I was raped. What to do", "danger.violence"),
    ],
)
def test_crisis_patterns_ignore_case_accents_and_punctuation(text: str, intent: str) -> None:
    assert crisis_patterns.intent(text) == intent


def test_crisis_patterns_each_have_a_safety_answer_and_index_keys() -> None:
    for kind, written in chain.from_iterable(
        table.items() for table in (crisis_patterns.ENGLISH, crisis_patterns.TURKISH)
    ):
        assert kind in SAFETY
        for pattern in written:
            keys = [key for found in crisis_patterns.KEYS.findall(pattern) for key in found.split()]
            assert keys, pattern
            # Patterns are indexed by a word's first four letters, so a shorter key must be a whole
            # word.
            assert all(len(key) > crisis_patterns.KEY_LETTERS or key.isalpha() for key in keys)
            assert set(re.findall("[A-Z]{3,}", pattern)) <= crisis_patterns.SETS.keys()
    assert crisis_patterns.ENGLISH.keys() == crisis_patterns.TURKISH.keys()


@pytest.mark.parametrize(
    "piece", ["police came at ", "they ", "my my father ", "olmek kardes ", "a"]
)
def test_crisis_patterns_run_in_bounded_time_on_any_text(piece: str) -> None:
    crisis_patterns.intent(piece)
    started = process_time()
    crisis_patterns.intent(piece * (20_000 // len(piece)))
    assert process_time() - started < 0.5
