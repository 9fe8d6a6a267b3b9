"""HTTP control API of the emulator, with which a load test in another process drives its people.

Every POST takes one JSON object or a list of them, and responds with a list in the same order.
`POST /_control/ACT` with `{"user": 5, …}` calls `people.User.ACT` (say, press, start, …). `user`
creates a person. `faults`, `clear_faults`, `delivery_options` and `advance` change the platform.
`wait` responds when a message has arrived, `taken` when the bot has accepted all updates.
`GET /_control/chat/5`, `journal?since=0` and `stats` return state.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import msgspec
from aiohttp import web

from .faults import KINDS
from .platform_state import Message
from .server import Emulator
from .wire import JSON, Params

Act = Callable[[Emulator, Params], Awaitable[object]]
ACTS = [
    "say",
    "press",
    "tap",
    "start",
    "send_contact",
    "send_photo",
    "send_document",
    "send_voice",
    "send_sticker",
    "send_location",
    "send_venue",
    "send_poll",
    "send_dice",
    "send",
    "edit_last",
    "block",
    "unblock",
]


def view(message: Message) -> Params:
    """Return a message as the person sees it now."""
    return {
        "id": message.id,
        "from_bot": message.from_bot,
        "text": message.text,
        "content": sorted(message.content),
        "buttons": [[asdict(button) for button in row] for row in message.buttons],
        "edited": bool(message.edited),
        "deleted": message.deleted,
        "protected": message.protected,
    }


async def make_user(emulator: Emulator, p: Params) -> object:
    """Create a person from `id` and the arguments of `Emulator.user`."""
    return emulator.user(p.pop("id"), **p).id


async def add_fault(emulator: Emulator, p: Params) -> object:
    """Add a scripted fault to the next calls of the Bot API.

    `fault` is a key of `faults.KINDS`, and the other fields are those of its class. The fault hits
    `times` calls (default 1) of `method`, or of all methods if `method` is missing.
    """
    times, method = p.pop("times", 1), p.pop("method", None)
    emulator.fail(KINDS[p.pop("fault")](**p), times, method)
    return True


async def clear_faults(emulator: Emulator, _: Params) -> object:
    """Remove all scripted faults."""
    emulator.faults.clear()
    return True


async def set_delivery_options(emulator: Emulator, p: Params) -> object:
    """Set `copies`, `together` or `shuffled`, the delivery faults of `updates.DeliveryOptions`."""
    for name, value in p.items():
        setattr(emulator.delivery_options, name, value)
    return asdict(emulator.delivery_options)


async def advance(emulator: Emulator, p: Params) -> object:
    """Advance the emulated clock by `seconds`."""
    emulator.advance(p["seconds"])
    return emulator.world.now()


async def wait(emulator: Emulator, p: Params) -> object:
    """Wait up to `seconds` for the bot's message `number` (from 1) in the chat of `user`."""
    found = await emulator.user(p["user"]).wait_for_message(p["number"], p.get("seconds", 10.0))
    return view(found)


async def taken(emulator: Emulator, p: Params) -> object:
    """Wait up to `seconds` until the bot has accepted every update."""
    await emulator.until_taken(p.get("seconds", 10.0))
    return True


def act(name: str) -> Act:
    """Return the handler of requests for the method `name` of `people.User`.

    The handler passes all fields of the request's JSON object, except `user`, as arguments.
    """

    async def does(emulator: Emulator, p: Params) -> object:
        done = await getattr(emulator.user(p.pop("user")), name)(**p)
        return view(done) if isinstance(done, Message) else done

    return does


VERBS: dict[str, Act] = {
    "user": make_user,
    "faults": add_fault,
    "clear_faults": clear_faults,
    "delivery_options": set_delivery_options,
    "advance": advance,
    "wait": wait,
    "taken": taken,
} | {name: act(name) for name in ACTS}


def stats(emulator: Emulator) -> Params:
    """Count the entries of the journal and the undelivered updates."""
    return {
        "counts": dict(emulator.journal.counts),
        "entries": len(emulator.journal.entries),
        "pending": len(emulator.world.updates.pending),
        "people": len(emulator.world.people),
        "mistakes": len(emulator.journal.mistakes()),
    }


def control_routes(emulator: Emulator) -> list[web.RouteDef]:
    """Return the routes under /_control."""

    async def do(request: web.Request) -> web.Response:
        verb = VERBS[request.match_info["verb"]]
        body: Any = msgspec.json.decode(await request.read() or b"{}")
        try:
            each = [
                await verb(emulator, one) for one in (body if isinstance(body, list) else [body])
            ]
        except (AssertionError, LookupError, TimeoutError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=409)
        return answered(each)

    async def chat(request: web.Request) -> web.Response:
        user = emulator.user(int(request.match_info["user"]))
        return answered([view(message) for message in user.chat])

    async def journal(request: web.Request) -> web.Response:
        lines = emulator.journal.lines(int(request.query.get("since", "0")))
        return web.Response(body=b"\n".join(lines), content_type="application/x-ndjson")

    async def show_stats(_: web.Request) -> web.Response:
        return answered(stats(emulator))

    return [
        web.post(f"/_control/{{verb:{'|'.join(VERBS)}}}", do),
        web.get("/_control/chat/{user:\\d+}", chat),
        web.get("/_control/journal", journal),
        web.get("/_control/stats", show_stats),
    ]


def answered(result: object) -> web.Response:
    """Return a result as a JSON response."""
    return web.Response(body=msgspec.json.encode(result), content_type=JSON)
