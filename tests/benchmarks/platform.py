"""The emulated platform: posts updates of people and answers Bot API calls.

The platform uses asyncio protocols without a web framework, so that one CPU core suffices.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from itertools import count, cycle
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tests.benchmarks.form import DONE, OPTIONS
from tests.benchmarks.protocol import BOT, SECRET_HEADER, LoadCommand, LoadResult, Writers

TIMEOUT_SECONDS = 10.0
LANGUAGE = "Русский"
# Invented answers of realistic lengths: names, places and sentences.
ANSWERS = (
    "Тестова",
    "Гульнара",
    "Придуманный ответ некоторой длины",
    "Ташкент",
    "учитель математики",
    "улица Садовая 12, квартира 5",
    "с мужем и тремя детьми",
    "недалеко от центра города",
    "сварщик, десять лет работал на стройке",
    "Каракалпакский университет",
)
SENT = {"sendmessage", "editmessagetext"}

_encode = msgspec.json.Encoder().encode
# Update ids begin with the time, so that they are new for a database that was kept from an earlier
# run.
_updates = count(int(time.time()) % 1_000_000 * 1_000)
_messages = count(1)


class Chat:
    """A simulated person who fills the form in repeatedly."""

    def __init__(self, chat_id: int, form: str) -> None:
        self.id = chat_id
        self.wanted = (form, OPTIONS["b"], LANGUAGE)
        self.buttons: tuple[tuple[str, str], ...] = ()
        self.message = 0
        self.idle = True
        self._answers = cycle(ANSWERS)
        self.answered: asyncio.Future[float] | None = None

    def act(self) -> bytes:
        """Return the next update: a press if the last message has a fitting button, else a text."""
        data = self._pressed()
        done = self._press(data) if data else self._say()
        return _encode({"update_id": next(_updates), **done})

    def on_message(self, at: float, fields: dict[str, Any], message: int) -> None:
        markup = fields.get("reply_markup") or {}
        if isinstance(markup, str):
            markup = msgspec.json.decode(markup)
        rows = markup.get("inline_keyboard", ())
        self.buttons = tuple((b["text"], b.get("callback_data", "")) for row in rows for b in row)
        self.message = message
        self.idle = fields.get("text") == DONE
        if self.answered and not self.answered.done():
            self.answered.set_result(at)

    def _pressed(self) -> str:
        for label, data in self.buttons:
            if label in self.wanted or data.endswith(":yes"):
                return data
        return ""

    def _press(self, data: str) -> dict[str, Any]:
        rows = [[{"text": label, "callback_data": load}] for label, load in self.buttons]
        message = {
            **self._message(self.message, BOT, "A question that was asked a moment ago?"),
            "reply_markup": {"inline_keyboard": rows},
        }
        press = {"id": str(next(_messages)), "from": self._person(), "message": message}
        return {"callback_query": {**press, "chat_instance": "1", "data": data}}

    def _say(self) -> dict[str, Any]:
        text = "/start" if self.idle else next(self._answers)
        message = self._message(next(_messages), self._person(), text)
        if self.idle:
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": 6}]
        return {"message": message}

    def _person(self) -> dict[str, Any]:
        name = {"first_name": "Testova", "last_name": "Gulnar", "language_code": "ru"}
        return {"id": self.id, "is_bot": False, **name}

    def _message(self, message: int, sender: dict[str, Any], text: str) -> dict[str, Any]:
        chat = {"id": self.id, "first_name": "Testova", "last_name": "Gulnar", "type": "private"}
        date = int(time.time())
        return {"message_id": message, "from": sender, "chat": chat, "date": date, "text": text}


class Http(asyncio.Protocol):
    """Minimal HTTP/1.1 protocol: whole messages with Content-Length, one at a time."""

    def __init__(
        self,
        whole: Callable[["Http", bytes, bytes], None],
        on_end: Callable[["Http"], None] = lambda _http: None,
    ) -> None:
        self._whole = whole
        self._ended = on_end
        self._buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._ended(self)

    @property
    def closed(self) -> bool:
        return self.transport is None or self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            whole = end + 4 + _length(head)
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._whole(self, head, body)

    def write(self, head: str, body: bytes) -> None:
        assert self.transport is not None
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def _length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].partition(b"\r\n")[0]) if at >= 0 else 0


class Platform:
    """The emulated platform: all simulated chats, and the number of Bot API calls."""

    def __init__(self) -> None:
        self.chats: dict[int, Chat] = {}
        self.calls = 0

    def call(self, http: Http, head: bytes, body: bytes) -> None:
        """Answer a Bot API call as Telegram's server would."""
        at = time.perf_counter()
        self.calls += 1
        method = head.split(b" ", 2)[1].rpartition(b"/")[2].decode().lower()
        is_json = b"application/json" in head
        fields = msgspec.json.decode(body or b"{}") if is_json else dict(parse_qsl(body.decode()))
        answer = _encode({"ok": True, "result": self._result(at, method, fields)})
        http.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", answer)

    def _result(self, at: float, method: str, fields: dict[str, Any]) -> Any:
        if method == "getme":
            return {**BOT, "can_join_groups": False, "can_read_all_group_messages": False}
        chat = self.chats.get(int(fields.get("chat_id", 0)))
        if chat is None or not (method in SENT or method == "editmessagereplymarkup"):
            return True
        message = int(fields.get("message_id") or next(_messages))
        if method in SENT:
            chat.on_message(at, fields, message)
        return chat._message(message, BOT, fields.get("text", ""))

    async def drive(self, order: LoadCommand) -> LoadResult:
        ids = range(order.first_chat, order.first_chat + order.chats)
        chats = deque(self.chats.setdefault(each, Chat(each, order.form)) for each in ids)
        lines = Lines(order)
        drive = RunningLoad(order, chats, lines)
        calls, start = self.calls, time.perf_counter()
        await (drive.at_random() if order.rate else drive.in_turn())
        seconds = time.perf_counter() - start
        # The server stores the outcome of an answer after the platform has received it, so wait
        # until the last outcomes are stored.
        await asyncio.sleep(0.05)
        lines.close()
        turns = len(drive.latencies)
        p50, p99 = (_percentile(drive.latencies, part) * 1000 for part in (0.50, 0.99))
        called = self.calls - calls
        return LoadResult(turns, drive.failed, called, seconds, p50, p99, drive.crowded)


class Lines:
    """Pool of connections to one server, one for each active turn."""

    def __init__(self, order: Writers) -> None:
        self._port = order.port
        self._head = (
            f"POST {order.path} HTTP/1.1\r\nHost: 127.0.0.1:{order.port}\r\n"
            f"Content-Type: application/json\r\n{SECRET_HEADER}: {order.secret}\r\n"
        )
        self._free: list[Http] = []
        self._waiting: dict[Http, asyncio.Future[int]] = {}

    async def post(self, body: bytes) -> int:
        loop = asyncio.get_running_loop()
        # Skip connections that the server has closed because they were idle.
        while self._free and self._free[-1].closed:
            self._free.pop()
        if not self._free:
            made = await loop.create_connection(
                lambda: Http(self._receive, self._fail), "127.0.0.1", self._port
            )
            self._free.append(made[1])
        line = self._free.pop()
        waiting: asyncio.Future[int] = loop.create_future()
        self._waiting[line] = waiting
        line.write(self._head, body)
        status = await waiting
        self._free.append(line)
        return status

    def _fail(self, line: Http) -> None:
        waiting = self._waiting.pop(line, None)
        if waiting is not None and not waiting.done():
            waiting.set_exception(ConnectionResetError())

    def close(self) -> None:
        for line in self._free:
            if line.transport:
                line.transport.close()

    def _receive(self, line: Http, head: bytes, body: bytes) -> None:
        waiting = self._waiting.pop(line)
        if not waiting.done():
            waiting.set_result(int(head.split(b" ", 2)[1]))


class RunningLoad:
    """An `Order` that is being executed: its chats, latencies and failures."""

    def __init__(self, order: LoadCommand, chats: deque[Chat], lines: Lines) -> None:
        self.order = order
        self.chats = chats
        self.lines = lines
        self.free = asyncio.Semaphore(order.lines or order.chats)
        self.remaining = order.turns
        self.until = time.perf_counter() + order.seconds
        self.latencies: list[float] = []
        self.failed = self.crowded = 0

    def goes_on(self) -> bool:
        self.remaining -= 1
        return self.remaining >= 0 and time.perf_counter() < self.until

    async def in_turn(self) -> None:
        await asyncio.gather(*(self._one_after_another() for _ in range(self.order.at_once)))

    async def _one_after_another(self) -> None:
        while self.goes_on():
            await self._turn()

    async def at_random(self) -> None:
        """Start turns at random times, independently of the running ones, as people would."""
        moments, at = random.Random(11), time.perf_counter()
        async with asyncio.TaskGroup() as group:
            while self.goes_on():
                at += moments.expovariate(self.order.rate)
                await asyncio.sleep(max(0.0, at - time.perf_counter()))
                if self.chats:
                    group.create_task(self._turn())
                else:
                    self.failed += 1
                    self.crowded += 1

    async def _turn(self) -> None:
        """Post one update and wait for its answer; then put the chat at the end of the queue."""
        chat = self.chats.popleft()
        answered = chat.answered = asyncio.get_running_loop().create_future()
        body, start = chat.act(), time.perf_counter()
        try:
            async with self.free, asyncio.timeout(TIMEOUT_SECONDS):
                status = await self.lines.post(body)
                if status != 200:
                    raise ConnectionError
                self.latencies.append(await answered - start)
        except (TimeoutError, ConnectionError):
            self.failed += 1
        self.chats.append(chat)


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else 0.0
