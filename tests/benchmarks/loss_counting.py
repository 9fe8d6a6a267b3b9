"""Simulated people who write while their server is killed, and counts of the lost messages."""

import asyncio
import re
from contextlib import suppress
from itertools import count
from typing import Any

from tests.benchmarks.form import DONE, QUESTIONS
from tests.benchmarks.platform import Chat, Lines, Platform
from tests.benchmarks.protocol import CountLosses, Losses

QUESTION = re.compile("|".join(f"({re.escape(text)})" for _name, text in QUESTIONS))
END = len(QUESTIONS) + 1
# Seconds after which an update that was not accepted is repeated; Telegram waits longer.
PAUSE = 0.1
# Seconds to wait after a repeated question, since the next question may follow it.
FOLLOWS = 5.0


class CheckedChat(Chat):
    """A person who recognises the question in a message: 1 to 10, 11 for the end, 0 for none."""

    def __init__(self, chat_id: int, form: str, seen: Losses) -> None:
        super().__init__(chat_id, form)
        self.seen = seen
        self.at = 0
        self.repeated = asyncio.Event()

    def on_message(self, at: float, fields: dict[str, Any], message: int) -> None:
        text = str(fields.get("text", ""))
        found = QUESTION.search(text)
        question = END if DONE in text else found.lastindex or 0 if found else 0
        before, self.at = self.at % END, question
        awaited = self.answered is not None and not self.answered.done()
        if question == before and (question or not awaited):
            self.seen.again += 1
            self.repeated.set()
            self._look(fields, message)
        else:
            self.seen.back += question < before
            self.seen.skipped += before > 0 and question > before + awaited
            super().on_message(at, fields, message)

    def _look(self, fields: dict[str, Any], message: int) -> None:
        """Read the buttons of a message that is not the answer to the pending update."""
        answered, self.answered = self.answered, None
        super().on_message(0.0, fields, message)
        self.answered = answered

    async def turn(self, lines: Lines, patience: float) -> None:
        answered = self.answered = asyncio.get_running_loop().create_future()
        self.repeated.clear()
        body = self.act()
        try:
            async with asyncio.timeout(patience):
                await _post_until_accepted(lines, body)
        except TimeoutError:
            self.seen.stuck += 1
            return self._restart()
        self.seen.taken += 1
        once_more = asyncio.create_task(self.repeated.wait())
        done, _pending = await asyncio.wait(
            {answered, once_more}, timeout=patience, return_when=asyncio.FIRST_COMPLETED
        )
        if once_more in done and not answered.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(answered), FOLLOWS)
        once_more.cancel()
        if not done:
            self.seen.unanswered += 1
            self._restart()

    def _restart(self) -> None:
        self.at, self.idle, self.buttons = 0, True, ()


async def _post_until_accepted(lines: Lines, body: bytes) -> None:
    while True:
        with suppress(ConnectionError):
            if await lines.post(body) == 200:
                return
        await asyncio.sleep(PAUSE)


class RunningLossCount:
    """A `CountLosses` that is being executed: its people, and the losses counted so far."""

    def __init__(self, platform: Platform, order: CountLosses) -> None:
        self.name = order.name
        self.seen = Losses()
        self._order = order
        self._writing = True
        self._lines = Lines(order)
        ids = range(order.first_chat, order.first_chat + order.chats)
        self._people = [CheckedChat(each, order.form, self.seen) for each in ids]
        platform.chats.update((each.id, each) for each in self._people)
        self._tasks = [asyncio.create_task(self._write(each)) for each in self._people]

    async def stop(self, grace_seconds: float) -> Losses:
        """Let all people finish their turn, and wait for late answers; return the losses."""
        self._writing = False
        await asyncio.gather(*self._tasks)
        await asyncio.sleep(grace_seconds)
        self._lines.close()
        return self.seen

    async def _write(self, chat: CheckedChat) -> None:
        turns = count()
        while next(turns) < self._order.minimum or self._writing:
            await chat.turn(self._lines, self._order.patience)


async def stop_all(orders: list[RunningLossCount], grace_seconds: float) -> dict[str, Losses]:
    """Stop all running `CountLosses` at the same time; return their losses by name."""
    seen = await asyncio.gather(*(each.stop(grace_seconds) for each in orders))
    return dict(zip((each.name for each in orders), seen, strict=True))
