"""Tests of the emulated platform that drives the benchmarks."""

import asyncio
from collections import deque
from typing import Any

from tests.benchmarks.form import KEPT
from tests.benchmarks.platform import Chat, RunningLoad
from tests.benchmarks.protocol import LoadCommand

ORDER = LoadCommand(
    port=0, path="/", secret="", form=KEPT, first_chat=1, chats=1, at_once=1, turns=3, seconds=60,
    rate=1_000_000,
)  # fmt: skip


class _SlowServer:
    """A server that answers the only chat after two other people have found no free chat."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.drive: Any = None

    async def post(self, _body: bytes) -> int:
        while self.drive.crowded < 2:  # noqa: ASYNC110 — a drive sends no signal
            await asyncio.sleep(0)
        self.chat.on_message(0.0, {"text": "An answer"}, 1)
        return 200


async def test_load_generator_counts_people_who_find_no_free_chat_separately() -> None:
    """Let three people arrive at the same time at a slow server, with one chat for all of them.

    The two people who found no free chat count as failed, and are also counted in `crowded`,
    because the server did not cause these failures.
    """
    chat = Chat(1, KEPT)
    server = _SlowServer(chat)
    server.drive = drive = RunningLoad(ORDER, deque([chat]), server)  # type: ignore[arg-type]
    await drive.at_random()
    assert (len(drive.latencies), drive.failed, drive.crowded) == (1, 2, 2)
