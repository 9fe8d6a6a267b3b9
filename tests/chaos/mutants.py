"""Mutants: faults put into Kosh on purpose, each of which the chaos test must detect."""

import asyncio
from collections.abc import Callable

from fastapi import Request
from starlette.responses import Response
from starlette.types import Message

from bot.conversations import statements
from bot.web import webhooks


def acknowledge_first() -> None:
    """Answer 200 before the update is processed, as many bot libraries do."""
    working: set[asyncio.Task[None]] = set()

    async def telegram(request: Request) -> Response:
        task = asyncio.create_task(_work(request, await request.body()))
        working.add(task)
        task.add_done_callback(working.discard)
        return Response()

    webhooks.router.add_api_route("/webhooks/telegram", telegram, methods=["POST"])
    webhooks.router.routes.insert(0, webhooks.router.routes.pop())


async def _work(request: Request, raw: bytes) -> None:
    async def body() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    answer = await webhooks.telegram(Request(request.scope, body))
    if answer.background:
        await answer.background()


def disable_deduplication() -> None:
    """Process a repeated delivery as a new update."""
    recorded = b"EXISTS (SELECT fresh.key \nFROM fresh)"
    for keys in (1, 2, 3):
        claim = statements.claim(keys)
        assert recorded in claim.text
        claim.text = claim.text.replace(recorded, b"true")


MUTANTS: dict[str, Callable[[], None]] = {
    "ack-first": acknowledge_first,
    "no-dedupe": disable_deduplication,
}
