"""Random sequences of events, and of releases that change the flows: every event gets a reply."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.i18n.reserved_words import NO, RESERVED, YES
from flows import FLOWS
from flows.engine.conversation import step
from flows.engine.effects import Submit
from flows.engine.events import (
    ConsentGiven,
    Edited,
    Event,
    Filled,
    Joined,
    Pressed,
    Resolved,
    Said,
    Shared,
    Started,
    Unreadable,
)
from flows.engine.registration import Acknowledged
from flows.engine.screens import REGISTRATION
from flows.preregistration import CLOSED
from tests.flows import recognizer
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat, default_answer
from tests.flows.recognizer import sentence
from tests.flows.versions import NAME, VERSIONS

PHRASES = sorted(
    {
        phrase
        for lines in ((*each.values(),) for each in RESERVED.values())
        for line in (*lines, *YES, *NO)
        for phrase in line.split(", ")
    }
)
SAMPLES = (
    "TESTOVA", "Тестова", "1990", "31.02.1990", "Қытай", "Корея", "+7 701 000 00 00", "0", "1", "3",
    "", "\u200b", "👍", "/skip", "/back", "/person", "/START x", "/nonsense", "мне угрожают",
    "\ud800", "e" + "\u0301" * 50, "²", "<b>", "{words}", "x" * 4097,
)  # fmt: skip
SENTENCES = [sentence(name, language) for name in recognizer.SENTENCES for language in LANGUAGES]
TYPED = st.one_of(
    st.sampled_from(SAMPLES),
    st.sampled_from(SENTENCES),
    st.sampled_from(PHRASES),
    st.text(max_size=40),
)
RELEASES = {
    **VERSIONS,
    "registration is closed": {**FLOWS, NAME: CLOSED},
    "one flow alone": {NAME: FLOWS[NAME]},
    "another flow alone": {"officer": FLOWS["officer"]},
}
KINDS = ("photo", "document", "voice", "location", "sticker", "poll", "video_note")


class Histories(RuleBasedStateMachine):
    """A state machine of random events; `Chat` checks its invariants after every turn."""

    chat: Chat
    pressed: list[str]

    @initialize(language=st.sampled_from(LANGUAGES), flow=st.sampled_from(["", NAME, "officer"]))
    def begin(self, language: str, flow: str) -> None:
        self.chat = Chat.start(language, flow, twice=True, understanding=recognizer.UNDERSTANDING)
        self.pressed = []

    @rule(data=st.data())
    def press(self, data: st.DataObject) -> None:
        buttons = [each.payload for say in self.chat.last_messages for each in say.buttons]
        if buttons:
            payload = data.draw(st.sampled_from(buttons))
            self.pressed.append(payload)
            self.chat.takes(Pressed(payload))

    @rule(turns=st.integers(1, 12))
    def go_on(self, turns: int) -> None:
        """Answer several questions as the invented person would, to reach late steps of a form."""
        for _turn in range(turns):
            if self.chat.question_key.startswith("~") or self.chat.conversation.with_officer:
                return
            try:
                value = default_answer(self.chat.name)
            except KeyError:
                return
            self.chat.answers(value)

    @rule(data=st.data())
    def press_again(self, data: st.DataObject) -> None:
        if self.pressed:
            before = self.chat.stored_answers(NAME)
            self.chat.takes(Pressed(data.draw(st.sampled_from(self.pressed))))
            assert self.chat.stored_answers(NAME).keys() <= before.keys()

    @rule(payload=st.text(max_size=20))
    def press_nothing_of_ours(self, payload: str) -> None:
        self.chat.takes(Pressed(payload))

    @rule(text=TYPED)
    def say(self, text: str) -> None:
        self.chat.takes(Said(text))

    @rule(kind=st.sampled_from(KINDS), caption=st.one_of(st.just(""), TYPED))
    def send(self, kind: str, caption: str) -> None:
        self.chat.takes(Unreadable(kind, caption))

    @rule(own=st.booleans(), phone=st.sampled_from(["+77010000000", "", "x"]))
    def share(self, own: bool, phone: str) -> None:
        self.chat.takes(Shared(phone, own))

    @rule(
        event=st.one_of(
            st.builds(Started, st.sampled_from(["", NAME, "x"])),
            st.builds(Acknowledged, st.sampled_from(sorted(REGISTRATION)), st.just("KZ-1")),
            st.builds(Filled, st.sampled_from(["surname", "purpose", "no"]), st.just("study")),
            st.sampled_from([Edited(), Joined(), Resolved()]),
        )
    )
    def happen(self, event: Event) -> None:
        self.chat.takes(event)

    @rule(version=st.sampled_from(sorted(RELEASES)))
    def release(self, version: str) -> None:
        self.chat.flows = RELEASES[version]

    def teardown(self) -> None:
        """Check that the conversation can be rendered as a transcript."""
        assert self.chat.transcript

    @invariant()
    def what_is_saved_can_be_taken_up_by_every_release(self) -> None:
        flows = list(RELEASES.values())[self.chat.nonce % len(RELEASES)]
        whole = recognizer.UNDERSTANDING
        step(flows, WORDS, self.chat.conversation, Said("1"), TODAY, understanding=whole)

    @invariant()
    def nothing_is_sent_without_consent(self) -> None:
        if self.chat.effects_of(Submit):
            assert any(
                each.purpose == "registration" for each in self.chat.effects_of(ConsentGiven)
            )

    @invariant()
    def nothing_is_kept_of_who_did_not_agree(self) -> None:
        if not self.chat.effects_of(ConsentGiven):
            assert not self.chat.conversation.is_persistent


TestHistories = pytest.mark.no_cover(Histories.TestCase)
TestHistories.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
