"""A transcript of one person on Telegram, from the first sentence to the residence card.

After a change of wording, run `KOSH_UPDATE=1 uv run pytest tests/web/test_registration_to_card.py`
and review the difference.
"""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flows.engine.registration_history import STEPS
from tests.app_stack import AppStack
from tests.direction_marks import without_marks
from tests.emulators.telegram import Message, User
from tests.flows.recognizer import sentence
from tests.release_only import release_only

TRANSCRIPTS = Path(__file__).parent / "transcripts"
LANGUAGES = ("kk", "ru", "zh_Hans", "uz")
LAST_DAY = "2026-12-20"
NUMBER = "KS-2026-TEST-TEST"
TO_SUBMISSION = (
    "preregistration", "self", "yes", "move", "UZ", "origin", "long", "no", "yes", "none",
    "seen", "yes", "yes", "TESTOVA", "GULNAR", "1990", "UZ", "pavlodar", "year",
    "self", "yes", "no", "submit",
)  # fmt: skip
_UNSENT = "SELECT count(*) FROM messages WHERE state IN ('pending', 'sending')"
# SQL that sets the database's clock to the same day in every run, because the transcript contains
# the date and facts expire.
_SAME_DAY = "UPDATE test_clock SET ahead = '2026-11-24 12:00+00'::timestamptz - clock_timestamp()"


@dataclass
class Conversation:
    """A person's chat with the bot, and its transcript."""

    stack: AppStack
    user: User
    language: str
    number: str = ""
    lines: list[str] = field(default_factory=list)
    seen: set[tuple[int, str, tuple[str, ...]]] = field(default_factory=set)

    async def write(self, text: str) -> None:
        """Write a text and append it and the bot's reply to the transcript."""
        await self._do_and_read(text, partial(self.user.say, text))

    async def press(self, key: str) -> None:
        """Press the last message's button with this key, after turning pages of options to it."""
        while key not in _keys(self.user.last) and ">" in _keys(self.user.last):
            await self._press(">")
        await self._press(key)

    async def answer(self, answer: str) -> None:
        """Press the button with this key if there is one; otherwise write the answer as text."""
        keys = _keys(self.user.last)
        if answer in keys or ">" in keys:
            await self.press(answer)
        else:
            await self.write(answer)

    async def report_event(self, event: str, path: str, **report: str) -> None:
        """Let the sandbox registry report an event; then open the notice about it.

        `event` names it in the transcript. `path` and `report` are path and body of the control
        request to the sandbox.
        """
        await self._do_and_read(f"(the registry: {event})", partial(self._report, path, report))
        await self.open_update()

    def transcript(self) -> str:
        """Return the transcript, with this run's registration number replaced by a fixed one."""
        text = without_marks("\n".join(self.lines))
        return text.replace(self.number, NUMBER) + "\n"

    async def _press(self, key: str) -> None:
        label, data = next(
            (button.text, button.data)
            for row in self.user.last.buttons
            for button in row
            if button.data and _key(button.data) == key
        )
        await self._do_and_read(f"[{label}]", partial(self.user.press, data, self.user.last))

    async def _do_and_read(self, label: str, action: Callable[[], Awaitable[Any]]) -> None:
        self.lines.append(f"\n> {label}" if self.lines else f"> {label}")
        await action()
        await self.user.wait(lambda _chat: self._unread())
        await self._read()

    async def open_update(self) -> None:
        """Wait for the notice of an update of the registration, and open the update."""
        await self.user.wait(lambda _chat: "!status" in _keys(self.user.last))
        await self._read()
        await self.press("!status")

    async def _read(self) -> None:
        """Append the unread messages of the bot to the transcript."""
        await self.stack.until(self._is_sent)
        for message in self._unread():
            self.seen.add(_shown_content(message))
            self.lines += ["", message.text, *(f"  [{label}]" for label in message.labels)]

    def _unread(self) -> list[Message]:
        """Return messages that are new or changed since the last reading.

        Messages without buttons are left out, since the bot removes buttons that were pressed.
        """
        return [
            each
            for each in self.user.received
            if each.labels and _shown_content(each) not in self.seen
        ]

    async def _is_sent(self) -> bool:
        async with self.stack.rt.pool.connection() as session:
            row = await (await session.execute(_UNSENT)).fetchone()
        return row is not None and row[0] == 0

    async def _report(self, path: str, report: dict[str, str]) -> None:
        url = f"{self.stack.sandbox}/_entries/{self.number}/{path}"
        async with self.stack.http.post(url, json=report) as answer:
            assert answer.status == 204, await answer.text()


def _key(data: str) -> str:
    return data if data.startswith("!") else data.partition(":")[2]


def _keys(message: Message) -> set[str]:
    return {_key(each.data) for row in message.buttons for each in row if each.data}


def _shown_content(message: Message) -> tuple[int, str, tuple[str, ...]]:
    return message.id, message.text, tuple(message.labels)


async def _start(stack: AppStack, language: str) -> Conversation:
    """Return a new person's conversation, which begins on the day of the transcript."""
    async with stack.rt.pool.connection() as session:
        await session.execute(_SAME_DAY)
    # Delay the sandbox's own decisions by a day, so that only the decisions of the test occur.
    async with stack.http.post(f"{stack.sandbox}/_pace", json={"seconds": 86_400}) as answer:
        assert answer.status == 204
    await stack.receive_telegram()
    return Conversation(stack, stack.telegram.user(8401, first_name="Test"), language)


async def _register(conversation: Conversation) -> None:
    stack = conversation.stack
    await conversation.write(sentence("which_way", conversation.language))
    await conversation.write("/menu")
    for answer in TO_SUBMISSION:
        await conversation.answer(answer)

    async def is_numbered() -> bool:
        return [each["state"] for each in await stack.entries()] == ["RECEIVED"]

    await stack.until(is_numbered)
    (entry,) = await stack.entries()
    conversation.number = entry["number"]


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk",)))
async def test_person_is_led_from_a_first_sentence_to_the_residence_card(
    stack: AppStack, language: str
) -> None:
    conversation = await _start(stack, language)
    await _register(conversation)
    await conversation.open_update()
    await conversation.report_event(
        "a question about the year of birth", "question", about="BIRTH_YEAR", until=LAST_DAY
    )
    await conversation.press("asked_birth_year")
    await conversation.write("1991")
    await conversation.open_update()
    await conversation.report_event("accepted", "decision", state="ACCEPTED")
    await conversation.press("next_steps")
    for step in STEPS:
        until = {"until": LAST_DAY} if step in ("TEST", "INTERVIEW") else {}
        await conversation.report_event(f"{step} OPEN", "step", step=step, status="OPEN", **until)
        await conversation.report_event(f"{step} DONE", "step", step=step, status="DONE")
    assert stack.telegram.journal.mistakes() == []
    _compare(language, conversation.transcript())


def _compare(language: str, transcript: str) -> None:
    path = TRANSCRIPTS / f"registration_to_card.{language}.txt"
    if os.environ.get("KOSH_UPDATE"):
        TRANSCRIPTS.mkdir(exist_ok=True)
        path.write_text(transcript, encoding="utf-8")
    assert path.read_text("utf-8") == transcript, "read the difference; see this module"
