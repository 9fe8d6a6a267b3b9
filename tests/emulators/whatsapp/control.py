"""HTTP control API of the emulator, with which a load test in another process drives its people.

Every POST takes one JSON object or a list of them, and responds with a list in the same order.
`POST /_control/ACT` with `{"user": "77010000001", …}` calls `people.User.ACT` (say, press, choose,
…). `user` creates a person. `faults`, `delivery_options`, `advance` and `template` change the
platform. `release` delivers the events held back by `delivery_options`. `wait` responds when a
message has arrived, `taken` when Kosh has accepted all events. `GET /_control/chat/77010000001`,
`journal?since=0` and `stats` return state.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import msgspec
from aiohttp import web

from .faults import KINDS
from .screen import Message
from .server import Emulator
from .templates import Template
from .wire import JSON, Params

Act = Callable[[Emulator, Params], Awaitable[object]]
ACTS = [
    "say",
    "press",
    "choose",
    "answer",
    "send_photo",
    "send_document",
    "send_voice",
    "send_sticker",
    "send_location",
    "send_contact",
    "send_unknown",
    "send_raw",
    "read",
    "turn_off",
    "turn_on",
    "block",
    "unblock",
    "stop_marketing",
    "change_number",
]


def view(message: Message) -> Params:
    """Return the JSON fields of a message as the person sees it now."""
    return {
        "id": message.id,
        "from_bot": message.from_bot,
        "kind": message.kind,
        "text": message.text,
        "header": message.header,
        "footer": message.footer,
        "buttons": [{"title": one.title, "data": one.data} for one in message.buttons],
        "opener": message.opener,
        "rows": [asdict(row) for row in message.rows],
        "link": message.link,
        "content": sorted(message.content),
        "status": message.status,
    }


async def make_user(emulator: Emulator, p: Params) -> object:
    """Create a person from `phone` and the arguments of `Emulator.user`; return the user id."""
    return emulator.user(p.pop("phone"), **p).user_id


async def add_fault(emulator: Emulator, p: Params) -> object:
    """Add a scripted fault.

    `fault` is a key of `faults.KINDS`; `times`, `method` and `to` are as in `faults.Script`. All
    other fields are those of the fault's class.
    """
    times, method, to = p.pop("times", 1), p.pop("method", None), p.pop("to", None)
    emulator.fail(KINDS[p.pop("fault")](**p), times, method, to)
    return True


async def set_delivery_options(emulator: Emulator, p: Params) -> object:
    """Set how events are delivered: see `events.DeliveryOptions`."""
    for name, value in p.items():
        setattr(emulator.delivery_options, name, value)
    return asdict(emulator.delivery_options)


async def release(emulator: Emulator, _: Params) -> object:
    """Deliver the events that were held back."""
    emulator.release()
    return True


async def advance(emulator: Emulator, p: Params) -> object:
    """Advance the emulated clock by `seconds`."""
    emulator.advance(p["seconds"])
    return emulator.world.now()


async def add_template(emulator: Emulator, p: Params) -> object:
    """Add a template to the account."""
    emulator.add_templates(msgspec.convert(p, Template))
    return True


async def wait(emulator: Emulator, p: Params) -> object:
    """Wait up to `seconds` for Kosh's message `number` (from 1) on the screen of `user`."""
    found = await emulator.user(p["user"]).wait_for_message(p["number"], p.get("seconds", 10.0))
    return view(found)


async def taken(emulator: Emulator, p: Params) -> object:
    """Wait up to `seconds` until Kosh has accepted every event."""
    await emulator.until_taken(p.get("seconds", 10.0))
    return True


def act(name: str) -> Act:
    """Return the handler that calls the method `name` of the person in the field `user`.

    The handler passes all other fields as arguments.
    """

    async def does(emulator: Emulator, p: Params) -> object:
        done = getattr(emulator.user(p.pop("user")), name)(**p)
        done = await done if inspect.isawaitable(done) else done
        return view(done) if isinstance(done, Message) else done

    return does


VERBS: dict[str, Act] = {
    "user": make_user,
    "faults": add_fault,
    "delivery_options": set_delivery_options,
    "release": release,
    "advance": advance,
    "template": add_template,
    "wait": wait,
    "taken": taken,
} | {name: act(name) for name in ACTS}


def stats(emulator: Emulator) -> Params:
    """Return numbers: journal entries, undelivered events, people, mistakes of Kosh, and messages.

    Messages are counted by billing category, and by whether they have a price.
    """
    bill = emulator.world.gate.bill
    return {
        "counts": dict(emulator.journal.counts),
        "entries": len(emulator.journal.entries),
        "pending": len(emulator.world.events.pending),
        "people": len(emulator.world.people),
        "mistakes": len(emulator.journal.mistakes()),
        "bill": [{"category": c, "billable": b, "messages": n} for (c, b), n in bill.items()],
    }


def control_routes(emulator: Emulator) -> list[web.RouteDef]:
    """Return the routes of the control API, under /_control."""

    async def do(request: web.Request) -> web.Response:
        verb = VERBS[request.match_info["verb"]]
        body: Any = msgspec.json.decode(await request.read() or b"{}")
        try:
            each = [
                await verb(emulator, one) for one in (body if isinstance(body, list) else [body])
            ]
        except (AssertionError, LookupError, OSError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=409)
        return answered(each)

    async def chat(request: web.Request) -> web.Response:
        user = emulator.user(request.match_info["user"])
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
