"""Tests of how the load test classifies lost messages while a server is killed."""

import asyncio

import pytest

from tests.benchmarks.form import DONE, QUESTIONS
from tests.benchmarks.loss_counting import CheckedChat
from tests.benchmarks.protocol import Losses


class Chat(CheckedChat):
    """A chat that receives messages, with or without an update in progress."""

    def __init__(self) -> None:
        super().__init__(7, "The form", Losses())

    def receive(self, *questions: int, awaited: bool = True) -> None:
        for question in questions:
            if awaited:
                self.answered = asyncio.get_running_loop().create_future()
            text = "A menu" if question == 0 else f"{question} of 10. {_text(question)}"
            self.on_message(0.0, {"text": text}, 1)


def _text(question: int) -> str:
    return DONE if question > len(QUESTIONS) else QUESTIONS[question - 1][1]


async def test_load_test_reports_no_loss_when_one_person_completes_two_forms() -> None:
    chat = Chat()
    chat.receive(0, 0, *range(1, 12), 0, *range(1, 12), 1)
    assert chat.seen == Losses()


@pytest.mark.parametrize(
    ("received", "then", "awaited", "seen"),
    [
        ((0, 1, 2), 3, False, Losses(skipped=1)),
        ((0, 1, 2), 4, True, Losses(skipped=1)),
        ((0, 1, 2), 2, True, Losses(again=1)),
        ((0, 1, 2), 2, False, Losses(again=1)),
        ((0, 1, 2), 1, True, Losses(back=1)),
        ((0, 1, 2), 0, True, Losses(back=1)),
        ((0, 1, 2), 0, False, Losses(back=1)),
        ((0,), 0, False, Losses(again=1)),
        ((0,), 6, True, Losses()),
    ],
)
async def test_load_test_classifies_each_kind_of_lost_message(
    received: tuple[int, ...], then: int, awaited: bool, seen: Losses
) -> None:
    chat = Chat()
    chat.receive(*received)
    chat.receive(then, awaited=awaited)
    assert chat.seen == seen
