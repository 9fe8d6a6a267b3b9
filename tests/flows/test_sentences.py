"""The shipped model recognizes in the test sentences what the table in recognizer.py claims."""

import pytest

from flows.engine.recognition import Confidence, Danger
from tests.flows.chat import LANGUAGES
from tests.flows.recognizer import SENTENCES, Known, read_by_the_model


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SENTENCES)
def test_recognizer_classifies_each_test_sentence_of_the_flows(name: str, language: str) -> None:
    wanted, found = SENTENCES[name][0], read_by_the_model(name, language)
    if wanted.danger is Danger.SUSPECTED:
        assert found.danger is not Danger.NONE
        return
    assert (found.confidence, found.danger) == (wanted.confidence, wanted.danger)
    assert found.danger_intent == wanted.danger_intent
    if wanted.confidence is Confidence.SURE:
        assert found.intents == wanted.intents
    assert set(wanted.intents) <= set(found.intents)
    if isinstance(wanted, Known):
        assert found.entities == wanted.entities
