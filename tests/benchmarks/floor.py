"""The floor: the same input and output as a turn, without engine, encryption or recovery.

A durable turn is: decode; a transaction of two statements (record the update, lock and read the
state; write the state and enqueue the answer); one call; store its outcome. A turn without stored
data is: decode; one indexed read; two round trips to Valkey; one call.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import aiohttp
import msgspec
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis
from starlette.background import BackgroundTask
from starlette.responses import Response

from tests.benchmarks.form import OPTIONS, QUESTIONS
from tests.benchmarks.protocol import TOKEN, ServerConfig
from tests.benchmarks.serve import Take

STATE_BYTES = 1500
ASK_SECONDS = 1800
HEADERS = {"Content-Type": "application/json"}
KEYBOARD = {
    "inline_keyboard": [[{"text": label, "callback_data": key}] for key, label in OPTIONS.items()]
}

TABLES: LiteralString = """
CREATE TABLE floor_seen (key bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE floor_sessions (chat bigint PRIMARY KEY, state bytea NOT NULL);
CREATE TABLE floor_outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, chat bigint NOT NULL, body bytea,
  state text NOT NULL, external_id text, created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz
);
CREATE INDEX floor_open ON floor_outbox (chat, id) WHERE state IN ('pending', 'sending');
GRANT ALL ON floor_seen, floor_sessions, floor_outbox TO kosh_app;
INSERT INTO floor_sessions SELECT n, convert_to(repeat('x', 1500), 'UTF8')
FROM generate_series(2000000, 2009999) n;
"""

_CLAIM: LiteralString = """
WITH seen AS (INSERT INTO floor_seen (key) VALUES (%s) ON CONFLICT DO NOTHING RETURNING key)
SELECT state, EXISTS (SELECT FROM seen) FROM floor_sessions WHERE chat = %s FOR UPDATE
"""
_SAVE: LiteralString = """
WITH saved AS (UPDATE floor_sessions SET state = %s WHERE chat = %s)
INSERT INTO floor_outbox (chat, body, state) VALUES (%s, %s, 'sending') RETURNING id
"""
_OUTCOME: LiteralString = """
UPDATE floor_outbox SET state = 'sent', external_id = %s, body = NULL, done_at = now()
WHERE id = %s AND state = 'sending'
"""
_READ: LiteralString = "SELECT state FROM floor_sessions WHERE chat = %s"


class _User(msgspec.Struct):
    id: int


class _Press(msgspec.Struct):
    id: str
    sender: _User = msgspec.field(name="from")


class _Typed(msgspec.Struct):
    sender: _User = msgspec.field(name="from")
    text: str = ""


class _Update(msgspec.Struct):
    update_id: int
    message: _Typed | None = None
    callback_query: _Press | None = None


class _Sent(msgspec.Struct):
    message_id: int


class _Answer(msgspec.Struct):
    result: _Sent


_decode = msgspec.json.Decoder(_Update).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode
_encode = msgspec.json.Encoder().encode


@asynccontextmanager
async def opening(place: ServerConfig) -> AsyncIterator[Mapping[str, Take]]:
    kwargs = {"prepare_threshold": 0, "autocommit": True}
    valkey = Redis.from_url(place.redis)
    url = f"{place.api}/bot{TOKEN}/sendMessage"
    async with (
        AsyncConnectionPool(
            place.database, min_size=1, max_size=place.pool, open=False, kwargs=kwargs
        ) as pool,
        aiohttp.ClientSession() as http,
        valkey,
    ):
        floor = _Floor(pool, valkey, http, url)
        yield {"/durable": floor.durable, "/ask": floor.ask}


class _Floor:
    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]],
        valkey: Redis,
        http: aiohttp.ClientSession,
        url: str,
    ) -> None:
        self.pool = pool
        self.valkey = valkey
        self.http = http
        self.url = url

    async def durable(self, raw: bytes) -> Response:
        update = _decode(raw)
        chat, params = _asked(update)
        body = _encode(params)
        async with self.pool.connection() as session, session.transaction():
            cursor = await session.execute(_CLAIM, (update.update_id, chat))
            row = await cursor.fetchone()
            assert row is not None
            state: bytes = row[0]
            cursor = await session.execute(_SAVE, (state[1:] + b"x", chat, chat, body))
            queued = await cursor.fetchone()
            assert queued is not None
        return _answered(update, BackgroundTask(self._deliver, queued[0], body))

    async def _deliver(self, row: int, body: bytes) -> None:
        message_id = await self._call(body)
        async with self.pool.connection() as session:
            await session.execute(_OUTCOME, (message_id, row))

    async def ask(self, raw: bytes) -> Response:
        update = _decode(raw)
        chat, params = _asked(update)
        async with self.pool.connection() as session:
            cursor = await session.execute(_READ, (chat,))
            await cursor.fetchone()
        key = f"floor:{chat}"
        state: Any = await self.valkey.get(key) or b"x" * STATE_BYTES
        await self._call(_encode(params))
        await self.valkey.set(key, state[1:] + b"x", ex=ASK_SECONDS)
        return _answered(update, None)

    async def _call(self, body: bytes) -> str:
        async with self.http.post(self.url, data=body, headers=HEADERS) as response:
            return str(_decode_answer(await response.read()).result.message_id)


def _asked(update: _Update) -> tuple[int, dict[str, Any]]:
    """Return the chat id and the reply: a question, with buttons unless a button was pressed."""
    sender = update.message or update.callback_query
    assert sender is not None
    params: dict[str, Any] = {"chat_id": sender.sender.id, "text": QUESTIONS[0][1]}
    if update.message is not None:
        params["reply_markup"] = KEYBOARD
    return sender.sender.id, params


def _answered(update: _Update, background_task: BackgroundTask | None) -> Response:
    if update.callback_query is None:
        return Response(background=background_task)
    body = {"method": "answerCallbackQuery", "callback_query_id": update.callback_query.id}
    return Response(_encode(body), media_type="application/json", background=background_task)
