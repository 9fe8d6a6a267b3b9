"""The screen "next steps" of a registration shows only verified facts.

The facts are about the decision, changes, withdrawal and appeal.
"""

import pytest

from flows import next_steps
from flows.engine.effects import Submit
from flows.engine.registration import Acknowledged
from flows.knowledge import kandas
from flows.knowledge.intents.cautions import REFUSED
from flows.knowledge.registry import NO_PROMISE
from tests.flows.chat import LANGUAGES, TODAY, Chat
from tests.flows.chat import chat_at as asked


def registered_chat(language: str = "ru") -> Chat:
    chat = asked("review", language).presses("submit")
    return chat.takes(Acknowledged("received", "KZ-2026-TEST")).presses("!status")


@pytest.mark.parametrize("language", LANGUAGES)
def test_next_steps_are_offered_with_a_registration(language: str) -> None:
    chat = registered_chat(language)
    assert len(chat.keys) <= 10, "a list of WhatsApp has ten rows"
    chat.presses("next_steps")
    assert chat.shows(next_steps.THE_REGISTRY)
    assert chat.shows(NO_PROMISE)
    for fact in (kandas.COMPLETENESS, kandas.COMMISSION, kandas.DECISION, kandas.HEARING):
        assert chat.shows(fact.text)
    assert chat.shows(next_steps.CHANGE)
    assert chat.shows(REFUSED), "what is not verified goes to an officer"
    assert chat.question_key == "~menu"
    assert "officer" in chat.keys or ">" in chat.keys


def test_next_steps_are_not_offered_without_a_registration() -> None:
    chat = Chat.start()
    assert chat.conversation.asked is not None
    assert "next_steps" not in {option.key for option in chat.conversation.asked.options}


def test_next_steps_omit_expired_facts() -> None:
    texts = next_steps.outcome(_nothing(), TODAY.replace(year=2030)).texts
    assert {each.msgid for each in texts} == {
        each.msgid
        for each in (
            next_steps.THE_REGISTRY,
            NO_PROMISE,
            next_steps.APPLY,
            next_steps.CHANGE,
            REFUSED,
        )
    }


def _nothing() -> Submit:
    return Submit("next_steps", {}, {})
