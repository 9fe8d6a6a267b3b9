"""The registry's codes for the answers of the registration form."""

from collections.abc import Iterator, Mapping

import pytest

from bot.registrations import registry_codes
from bot.registrations.registry_codes import CODES, KINDS
from bot.registry.contract import PreRegistration
from flows.engine.effects import Submit
from flows.engine.flow import Consent, HandoffOffer, Notice, RepeatingGroup, Review
from flows.preregistration import PREREGISTRATION

# Questions whose answers are not sent to the registry, because they only choose the path through
# the form or concern only the conversation.
NOT_SENT = {
    *("applying", "adult", "location", "stay_ends", "passport", "former_citizen"),
    *("ethnicity_papers", "trouble", "details"),
}

NO_ANSWERS = (Consent, HandoffOffer, Notice, RepeatingGroup, Review)


class Answers(Mapping[str, str]):
    """Answers by question; `read` records the questions whose answers were read."""

    def __init__(self, found: dict[str, str]) -> None:
        self.found, self.read = found, set[str]()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self.found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def test_registry_codes_map_each_question_to_a_reference_list() -> None:
    assert CODES.keys() == KINDS.keys()


def test_registry_payload_contains_every_answer_that_is_not_excluded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PreRegistration, "model_validate", lambda body: body)
    questions = {
        item.name for item in PREREGISTRATION.questions() if not isinstance(item, NO_ANSWERS)
    }
    first = {name: next(iter(CODES.get(name, {"1990": None}))) for name in questions}
    answers, member = Answers(first), Answers(first)
    submit = Submit(PREREGISTRATION.name, answers, {"family": (member,)})
    registry_codes.payload(submit, "kk", {})
    assert questions - answers.read - member.read == NOT_SENT
