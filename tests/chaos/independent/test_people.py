"""Tests of how invented people recognise the next question, and ignore questions sent earlier."""

from dataclasses import dataclass, field
from typing import Any

from tests.chaos.independent.people import newer_question


@dataclass
class Button:
    data: str


@dataclass
class Question:
    id: int
    number: int

    @property
    def buttons(self) -> list[list[Button]]:
        return [[Button(f"{self.number}:yes")]]


@dataclass
class Phone:
    received: list[Any] = field(default_factory=list)


def test_simulated_person_ignores_questions_of_a_lost_session() -> None:
    phone: Any = Phone([Question(1, 15), Question(2, 14)])
    assert newer_question(phone, 14, 1) == 15
    assert newer_question(phone, 14, 2) is None
    phone.received.append(Question(3, 15))
    assert newer_question(phone, 14, 2) == 15
