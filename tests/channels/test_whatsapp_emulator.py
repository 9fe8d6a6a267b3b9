"""The WhatsApp emulator follows WhatsApp's rules, as seen by Kosh over plain HTTP."""

import asyncio
import hmac
import json
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.emulators.whatsapp import (
    NUMBER_ID,
    SECRET,
    TOKEN,
    VERIFY_TOKEN,
    Broken,
    Cut,
    DeliveryTiming,
    Emulator,
    Failed,
    Limits,
    Lost,
    Refused,
    Silent,
    Slow,
    Template,
    Unverified,
    User,
)
from tests.emulators.whatsapp.errors import ERRORS

FAST = DeliveryTiming(scale=0.001, patience=5)
PHONE = "77010000001"
HOUR = 3600
CODES = [
    2, 4, 10, 100, 190, 200, 368, 80007, 130429, 130497, 131000, 131008, 131009, 131016, 131026,
    131030, 131031, 131047, 131048, 131049, 131050, 131051, 131052, 131053, 131056, 131062, 131064,
    132000, 132001, 132005, 132007, 132012, 132015, 132016, 139200,
]  # fmt: skip


@pytest_asyncio.fixture
async def whatsapp() -> AsyncIterator[Emulator]:
    async with Emulator(limits=False, pace=FAST) as emulator:
        yield emulator


@pytest.fixture
def aigul(whatsapp: Emulator) -> User:
    return whatsapp.user(PHONE)


async def call(
    whatsapp: Emulator,
    path: str,
    body: Any = None,
    method: str = "POST",
    token: str = TOKEN,
    **more: Any,
) -> tuple[int, Any]:
    """Make one call; return the HTTP status and the parsed response."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, whatsapp.url + path, json=body, **more) as answer,
    ):
        return answer.status, await answer.json()


def text(body: str = "Сәлем", **more: Any) -> dict[str, Any]:
    message = {"messaging_product": "whatsapp", "to": PHONE, "type": "text"}
    return message | {"text": {"body": body}} | more


def buttons(*titles: str, body: str = "Таңдаңыз", **more: Any) -> dict[str, Any]:
    replies = [
        {"type": "reply", "reply": {"id": f"b{n}", "title": t}} for n, t in enumerate(titles)
    ]
    return interactive(
        {"type": "button", "body": {"text": body}, "action": {"buttons": replies}} | more
    )


def rows(*titles: str, button: str = "Ашу", **more: Any) -> dict[str, Any]:
    shown = [{"id": f"r{n}", "title": title} for n, title in enumerate(titles)]
    action = {"button": button, "sections": [{"rows": shown}]}
    return interactive({"type": "list", "body": {"text": "Таңдаңыз"}, "action": action} | more)


def link(title: str = "Ашу", url: str = "https://example.kz/s/1") -> dict[str, Any]:
    parameters = {"display_text": title, "url": url}
    action = {"name": "cta_url", "parameters": parameters}
    return interactive({"type": "cta_url", "body": {"text": "Бет"}, "action": action})


def interactive(content: dict[str, Any]) -> dict[str, Any]:
    message = {"messaging_product": "whatsapp", "to": PHONE, "type": "interactive"}
    return message | {"interactive": content}


def template(*values: str, name: str = "status_changed", code: str = "kk") -> dict[str, Any]:
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "body", "parameters": parameters}] if values else []
    fields = {"name": name, "language": {"code": code}, "components": components}
    message = {"messaging_product": "whatsapp", "to": PHONE, "type": "template"}
    return message | {"template": fields}


async def send(whatsapp: Emulator, message: Any) -> int:
    """Send a message; return Meta's error code, or 0 if it was accepted."""
    status, answer = await call(whatsapp, f"/v25.0/{NUMBER_ID}/messages", message)
    assert (status == 200) == ("error" not in answer)
    return int(answer["error"]["code"]) if "error" in answer else 0


async def details(whatsapp: Emulator, message: Any) -> str:
    """Send a message that is rejected; return the details of Meta's error."""
    _, answer = await call(whatsapp, f"/v25.0/{NUMBER_ID}/messages", message)
    return str(answer["error"]["error_data"]["details"])


class Hook:
    """Kosh's webhook server: it records requests and answers with queued statuses, or 200."""

    def __init__(self) -> None:
        self.url = ""
        self.raw: list[bytes] = []
        self.signatures: list[str] = []
        self.answers: deque[int] = deque()
        self.challenges: list[dict[str, str]] = []
        self.echo: Callable[[str], str] = lambda challenge: challenge
        self._full = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        self.raw.append(await request.read())
        self.signatures.append(request.headers["X-Hub-Signature-256"])
        async with self._full:
            self._full.notify_all()
        return web.Response(status=self.answers.popleft() if self.answers else 200)

    async def verify(self, request: web.Request) -> web.Response:
        self.challenges.append(dict(request.query))
        return web.Response(text=self.echo(request.query["hub.challenge"]))

    async def until_got(self, number: int) -> None:
        async with asyncio.timeout(60), self._full:
            await self._full.wait_for(lambda: len(self.raw) >= number)

    @property
    def got(self) -> list[Any]:
        return [json.loads(raw) for raw in self.raw]

    @property
    def values(self) -> list[Any]:
        return [
            change["value"]
            for body in self.got
            for entry in body["entry"]
            for change in entry["changes"]
        ]

    @property
    def messages(self) -> list[Any]:
        return [one for value in self.values for one in value.get("messages", [])]

    @property
    def statuses(self) -> list[Any]:
        return [one for value in self.values for one in value.get("statuses", [])]


@pytest_asyncio.fixture
async def hook(whatsapp: Emulator) -> AsyncIterator[Hook]:
    receiver = Hook()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    app.router.add_get("/hook", receiver.verify)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await whatsapp.set_webhook(receiver.url)
    yield receiver
    await whatsapp.courier.unset()
    await runner.cleanup()


# A conversation between Kosh and a person -------------------------------------------------------


async def test_whatsapp_emulator_runs_a_conversation(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    user_message = await aigul.say("Сәлем")
    await whatsapp.until_taken()
    [value] = hook.values
    assert value["metadata"]["phone_number_id"] == NUMBER_ID
    assert value["contacts"] == [
        {"profile": {"name": "Testova"}, "wa_id": PHONE, "user_id": aigul.user_id}
    ]
    [message] = value["messages"]
    assert (message["from"], message["from_user_id"]) == (PHONE, aigul.user_id)
    assert message["text"] == {"body": "Сәлем"}

    assert await send(whatsapp, buttons("Иә", "Жоқ")) == 0
    assert (await aigul.wait_for_message(1)).labels == ["Иә", "Жоқ"]
    await aigul.press("Жоқ")
    await whatsapp.until_taken()
    reply = hook.messages[1]["interactive"]
    assert reply == {"type": "button_reply", "button_reply": {"id": "b1", "title": "Жоқ"}}
    assert hook.messages[1]["context"] == {"from": "77170000000", "id": aigul.last.id}

    assert await send(whatsapp, rows("Алматы", "Астана")) == 0
    assert aigul.last.opener == "Ашу"
    await aigul.choose("Астана")
    await whatsapp.until_taken()
    reply = hook.messages[2]["interactive"]
    assert reply == {"type": "list_reply", "list_reply": {"id": "r1", "title": "Астана"}}

    assert await send(whatsapp, link()) == 0
    assert aigul.last.link == ("Ашу", "https://example.kz/s/1")
    assert user_message in aigul.screen
    assert whatsapp.journal.mistakes() == []
    assert len(whatsapp.journal.sent(PHONE)) == 3
    assert whatsapp.journal.holding("Астана")
    assert not whatsapp.journal.holding("Шымкент")


async def test_whatsapp_emulator_send_response_has_the_format_of_meta(
    whatsapp: Emulator, aigul: User
) -> None:
    await aigul.say("1")
    status, answer = await call(whatsapp, f"/v25.0/{NUMBER_ID}/messages", text(to=f"+{PHONE}"))
    assert status == 200
    assert answer["contacts"] == [{"input": f"+{PHONE}", "wa_id": PHONE}]
    assert answer["messages"] == [{"id": aigul.last.id}]
    assert aigul.last.id.startswith("wamid.")


async def test_whatsapp_emulator_accepts_read_marks_and_typing(
    whatsapp: Emulator, aigul: User
) -> None:
    first, second = await aigul.say("1"), await aigul.say("2")
    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": first.id}
    path = f"/v25.0/{NUMBER_ID}/messages"
    assert await call(whatsapp, path, mark) == (200, {"success": True})
    assert [one.status for one in aigul.chat] == ["read", "delivered"]
    assert not aigul.typing

    shown = mark | {"message_id": second.id, "typing_indicator": {"type": "text"}}
    assert await call(whatsapp, path, shown) == (200, {"success": True})
    assert aigul.typing
    whatsapp.advance(26)
    assert not aigul.typing
    assert (await call(whatsapp, path, mark | {"message_id": "wamid.none"}))[0] == 400
    assert (await call(whatsapp, path, mark | {"typing_indicator": {"type": "image"}}))[0] == 400


async def test_whatsapp_emulator_users_send_every_kind_of_message(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    await aigul.send_photo(b"\xff\xd8photo", "Төлқұжат")
    await aigul.send_document(name="куәлік.pdf")
    await aigul.send_voice()
    await aigul.send_sticker()
    await aigul.send_location()
    await aigul.send_contact()
    await aigul.send_unknown()
    await aigul.send_unknown(131052, "image")
    await aigul.react(await aigul.say("жақсы"))
    await aigul.send_raw({"type": "hologram", "hologram": {"depth": 3}})
    await whatsapp.until_taken()
    kinds = [one["type"] for one in hook.messages]
    assert kinds == [
        "image", "document", "audio", "sticker", "location", "contacts", "unsupported", "image",
        "text", "reaction", "hologram",
    ]  # fmt: skip
    assert hook.messages[0]["image"]["caption"] == "Төлқұжат"
    assert hook.messages[1]["document"]["filename"] == "куәлік.pdf"
    assert [one["errors"][0]["code"] for one in hook.messages[6:8]] == [131051, 131052]
    assert all(one["from"] == PHONE for one in hook.messages)


# Delivery of events to the webhook --------------------------------------------------------------


async def test_whatsapp_emulator_webhook_is_verified_and_signed(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    [query] = hook.challenges
    assert (query["hub.mode"], query["hub.verify_token"]) == ("subscribe", VERIFY_TOKEN)
    await aigul.say("Сәлем / 🧿")
    await whatsapp.until_taken()
    [raw] = hook.raw
    assert raw.isascii()
    assert b"\\/" in raw
    digest = hmac.new(SECRET.encode(), raw, sha256).hexdigest()
    assert hook.signatures == [f"sha256={digest}"]

    hook.echo = lambda challenge: f'"{challenge}"'
    with pytest.raises(Unverified):
        await whatsapp.set_webhook(hook.url)


async def test_whatsapp_emulator_redelivers_unconfirmed_events(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    hook.answers.extend([503, 404, 302, 500])
    await aigul.say("1")
    await aigul.say("2")
    await whatsapp.until_taken()
    assert len(hook.raw) == 6
    assert [one["text"]["body"] for one in hook.messages] == ["1"] * 5 + ["2"]
    statuses = [one.status for one in whatsapp.journal.deliveries()]
    assert statuses == [503, 404, 302, 500, 200, 200]


async def test_whatsapp_emulator_drops_an_event_after_seven_days(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    hook.answers.extend([503] * 40)
    await aigul.say("1")
    await hook.until_got(2)
    whatsapp.advance(8 * 24 * HOUR)
    await whatsapp.until_taken()
    assert whatsapp.journal.deliveries()[-1].attempt == -1


async def test_whatsapp_emulator_delivers_waiting_events_when_a_webhook_is_set(
    whatsapp: Emulator, aigul: User
) -> None:
    await aigul.say("1")
    assert len(whatsapp.world.events.pending) == 1
    assert whatsapp.journal.acknowledged() == set()


@pytest.mark.parametrize(
    ("layout", "shape"), [("entries", [1, 1, 1]), ("changes", [3]), ("lists", [1])]
)
async def test_whatsapp_emulator_batches_events_in_every_layout_of_meta(
    whatsapp: Emulator, aigul: User, hook: Hook, layout: Any, shape: list[int]
) -> None:
    whatsapp.delivery_options.batch, whatsapp.delivery_options.layout = 10, layout
    whatsapp.hold()
    for words in "123":
        await aigul.say(words)
    whatsapp.release()
    await whatsapp.until_taken()
    [body] = hook.got
    assert [len(entry["changes"]) for entry in body["entry"]] == shape
    assert [one["text"]["body"] for one in hook.messages] == ["1", "2", "3"]


async def test_whatsapp_emulator_batch_contains_the_contact_of_each_sender(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    whatsapp.delivery_options.batch = 10
    await aigul.say("1")
    await whatsapp.user("77010000002").say("2")
    whatsapp.tell({"messages": "poison"})
    await aigul.say("3")
    await whatsapp.until_taken()
    assert len(hook.raw) == 1
    poison, value = sorted(hook.values, key=len)
    assert poison == {"messages": "poison"}
    assert [one["wa_id"] for one in value["contacts"]] == [PHONE, "77010000002"]
    assert len(value["messages"]) == 3


async def test_whatsapp_emulator_may_redeliver_a_batch_in_parts(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    whatsapp.delivery_options.batch, whatsapp.delivery_options.resplit = 10, True
    hook.answers.append(503)
    await aigul.say("1")
    await aigul.say("2")
    await whatsapp.until_taken()
    assert [len(one["entry"][0]["changes"][0]["value"]["messages"]) for one in hook.got] == [
        2,
        1,
        1,
    ]


@pytest.mark.parametrize("together", [False, True])
async def test_whatsapp_emulator_may_redeliver_a_message_in_another_request(
    whatsapp: Emulator, aigul: User, hook: Hook, together: bool
) -> None:
    whatsapp.delivery_options.copies, whatsapp.delivery_options.together = 2, together
    whatsapp.delivery_options.batch = 2
    await aigul.say("1")
    await aigul.say("2")
    await whatsapp.until_taken()
    assert len(hook.raw) == 3
    assert len(set(hook.raw)) == 3
    assert len({one["id"] for one in hook.messages}) == 2
    assert len(hook.messages) == 4


async def test_whatsapp_emulator_can_redeliver_a_message_days_later(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    message = await aigul.say("1")
    whatsapp.advance(2 * 24 * HOUR)
    await aigul.repeat(message)
    await whatsapp.until_taken()
    assert [one["id"] for one in hook.messages] == [message.id, message.id]
    assert hook.raw[0] != hook.raw[1]


async def test_whatsapp_emulator_delayed_messages_keep_their_original_time(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    whatsapp.hold()
    message = await aigul.say("1")
    with pytest.raises(TimeoutError):
        await whatsapp.until_taken(0.2)
    whatsapp.advance(2 * 24 * HOUR)
    whatsapp.release()
    await whatsapp.until_taken()
    assert [one["timestamp"] for one in hook.messages] == [str(int(message.at))]


async def test_whatsapp_emulator_may_shuffle_events(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    whatsapp.delivery_options.shuffled = True
    whatsapp.hold()
    for number in range(20):
        await aigul.say(str(number))
    whatsapp.release()
    await whatsapp.until_taken()
    order = [one["text"]["body"] for one in hook.messages]
    assert order != sorted(order, key=int)
    assert sorted(order, key=int) == [str(number) for number in range(20)]


async def test_whatsapp_emulator_keeps_the_order_of_a_chat(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    for number in range(30):
        await aigul.say(str(number))
    await whatsapp.until_taken()
    assert [one["text"]["body"] for one in hook.messages] == [str(n) for n in range(30)]


async def test_whatsapp_emulator_reports_account_events(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    whatsapp.create_error_event(130429)
    aigul.stop_marketing()
    whatsapp.tell({"event": "PAUSED"}, "message_template_status_update")
    await whatsapp.until_taken()
    values = {one["changes"][0]["field"]: one for body in hook.got for one in body["entry"]}
    assert set(values) == {"messages", "user_preferences", "message_template_status_update"}
    assert [one["code"] for value in hook.values for one in value.get("errors", [])] == [130429]


# Identities of people ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "ids", "contact"),
    [
        ("both", {"from", "from_user_id"}, {"wa_id", "user_id"}),
        ("phone", {"from"}, {"wa_id"}),
        ("user_id", {"from_user_id"}, {"user_id"}),
        ("user_id_as_phone", {"from", "from_user_id"}, {"wa_id", "user_id"}),
    ],
)
async def test_whatsapp_emulator_sends_only_the_configured_ids_of_a_user(
    whatsapp: Emulator, hook: Hook, known: Any, ids: set[str], contact: set[str]
) -> None:
    user = whatsapp.user(PHONE, known=known)
    await user.say("1")
    await whatsapp.until_taken()
    [value] = hook.values
    [message] = value["messages"]
    assert message.keys() & {"from", "from_user_id"} == ids
    assert value["contacts"][0].keys() - {"profile"} == contact
    hidden = known in ("user_id", "user_id_as_phone")
    assert (PHONE in json.dumps(value)) == (not hidden)


async def test_whatsapp_emulator_accepts_a_user_id_as_recipient(
    whatsapp: Emulator, hook: Hook
) -> None:
    user = whatsapp.user(PHONE, known="user_id")
    await user.say("1")
    message = text(recipient=user.user_id)
    del message["to"]
    status, answer = await call(whatsapp, f"/v25.0/{NUMBER_ID}/messages", message)
    assert status == 200
    assert answer["contacts"] == [{"input": user.user_id, "user_id": user.user_id}]
    await whatsapp.until_taken()
    assert {one["recipient_user_id"] for one in hook.statuses} == {user.user_id}
    assert not any("recipient_id" in one for one in hook.statuses)
    assert "EMULATOR" in await details(whatsapp, message | {"to": PHONE})
    assert await send(whatsapp, message | {"recipient": "77010000001"}) == 131009


@pytest.mark.parametrize("known", ["both", "user_id", "phone"])
async def test_whatsapp_emulator_reports_a_changed_number(
    whatsapp: Emulator, hook: Hook, known: Any
) -> None:
    user = whatsapp.user(PHONE, known=known)
    before = user.user_id
    user.change_number("77020000002")
    await whatsapp.until_taken()
    [value] = hook.values
    assert "contacts" not in value
    [message] = value["messages"]
    system = message["system"]
    if known == "user_id":
        assert system["type"] == "user_changed_user_id"
        assert "wa_id" not in system
        assert "from" not in message
    else:
        assert (system["type"], system["wa_id"]) == ("user_changed_number", "77020000002")
        assert message["from"] == PHONE
    if known != "phone":
        assert (system["previous_user_id"], system["user_id"]) == (before, user.user_id)
        assert before != user.user_id


async def test_whatsapp_emulator_number_change_does_not_open_the_24_hour_window(
    whatsapp: Emulator, aigul: User
) -> None:
    aigul.change_number("77020000002")
    assert not aigul.window


# Statuses of a message ---------------------------------------------------------------------------


async def test_whatsapp_emulator_statuses_carry_price_and_callback_data(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    await aigul.say("1")
    assert await send(whatsapp, text(biz_opaque_callback_data="row 7")) == 0
    await aigul.read()
    await whatsapp.until_taken()
    assert [one["status"] for one in hook.statuses] == ["sent", "delivered", "read"]
    assert {one["biz_opaque_callback_data"] for one in hook.statuses} == {"row 7"}
    assert {one["recipient_id"] for one in hook.statuses} == {PHONE}
    assert ["pricing" in one for one in hook.statuses] == [True, True, False]
    assert hook.statuses[0]["pricing"]["category"] == "service"


async def test_whatsapp_emulator_delivers_messages_once_the_phone_is_online(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    await aigul.say("1")
    aigul.turn_off()
    assert await send(whatsapp, text()) == 0
    await whatsapp.until_taken()
    assert [one["status"] for one in hook.statuses] == ["sent"]
    assert aigul.received == []
    aigul.turn_on()
    await whatsapp.until_taken()
    assert [one["status"] for one in hook.statuses] == ["sent", "delivered"]
    assert hook.statuses[1]["pricing"]
    assert aigul.last.text == "Сәлем"


async def test_whatsapp_emulator_sends_no_read_status_when_disabled_or_blocked(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    aigul.person.reads = False
    await aigul.say("1")
    await send(whatsapp, text())
    await aigul.say("2")
    aigul.block()
    await send(whatsapp, text("3"))
    await whatsapp.until_taken()
    assert [one["status"] for one in hook.statuses] == ["sent", "delivered", "sent"]
    with pytest.raises(PermissionError):
        await aigul.say("4")


async def test_whatsapp_emulator_message_to_an_unknown_number_fails(
    whatsapp: Emulator, hook: Hook
) -> None:
    assert await send(whatsapp, text(to="77099999999")) == 0
    await whatsapp.until_taken()
    [status] = hook.statuses
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131026)
    assert "pricing" not in status


async def test_whatsapp_emulator_accepts_free_text_for_24_hours_after_a_message(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    await aigul.say("1")
    whatsapp.advance(24 * HOUR - 60)
    assert await send(whatsapp, text()) == 0
    assert aigul.last.text == "Сәлем"
    whatsapp.advance(61)
    assert not aigul.window
    assert await send(whatsapp, text("кеш")) == 0
    await whatsapp.until_taken()
    assert hook.statuses[-1]["status"] == "failed"
    assert hook.statuses[-1]["errors"][0]["code"] == 131047
    assert aigul.last.text == "Сәлем"
    [call] = whatsapp.journal.refused(131047)
    assert call.params["text"]["body"] == "кеш"
    await aigul.say("2")
    assert await send(whatsapp, text("жаңа")) == 0
    assert aigul.last.text == "жаңа"


async def test_whatsapp_emulator_may_refuse_free_text_after_24_hours_at_once() -> None:
    async with Emulator(limits=False, window_at_once=True) as whatsapp:
        user = whatsapp.user(PHONE)
        assert await send(whatsapp, text()) == 131047
        await user.say("1")
        assert await send(whatsapp, text()) == 0


async def test_whatsapp_emulator_bills_messages_and_needs_a_payment_method() -> None:
    async with Emulator(limits=Limits(free=1), pace=FAST) as whatsapp:
        user = whatsapp.user(PHONE)
        await user.say("1")
        await send(whatsapp, text("1"))
        await send(whatsapp, text("2"))
        assert [one.price["billable"] for one in user.received] == [False, True]
        whatsapp.world.has_payment = False
        assert await send(whatsapp, text("3")) == 0
        assert user.last.text == "2"
        assert user.chat[-1].status == "sent"


# Limits of content ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        text("ұ" * 4096),
        buttons("ұ" * 20, "b", "c", body="ұ" * 1024, footer={"text": "ұ" * 60}),
        buttons("a", header={"type": "text", "text": "ұ" * 60}),
        rows(*(f"{n}".rjust(24, "ұ") for n in range(10)), button="ұ" * 20),
        interactive(
            {
                "type": "list",
                "body": {"text": "b"},
                "action": {
                    "button": "o",
                    "sections": [
                        {
                            "title": "ұ" * 24,
                            "rows": [{"id": "i" * 200, "title": "t", "description": "ұ" * 72}],
                        },
                        {"title": "s", "rows": [{"id": "j", "title": "t"}]},
                    ],
                },
            }
        ),
        link("ұ" * 20),
        text(biz_opaque_callback_data="x" * 512),
        text(recipient_type="individual"),
    ],
)
async def test_whatsapp_emulator_accepts_messages_within_the_limits(
    whatsapp: Emulator, aigul: User, message: Any
) -> None:
    await aigul.say("1")
    assert await send(whatsapp, message) == 0
    assert aigul.last.from_bot


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (text("ұ" * 4097), 131009),
        (text(""), 131009),
        (text(" \n"), 100),
        (buttons("ұ" * 21), 131009),
        (buttons("a", "b", "c", "d"), 131009),
        (buttons(), 131009),
        (buttons("a", "a"), 131009),
        (buttons("a\nb"), 100),
        (buttons("a", body="ұ" * 1025), 131009),
        (buttons("a", footer={"text": "ұ" * 61}), 131009),
        (buttons("a", header={"type": "text", "text": "ұ" * 61}), 131009),
        (buttons("a", header={"type": "text"}), 131008),
        (buttons("a", header={"type": "image", "image": {}}), 131008),
        (rows("a", header={"type": "image", "image": {"link": "https://a.kz/b.png"}}), 131009),
        (rows(*(str(n) for n in range(11))), 131009),
        (rows("ұ" * 25), 131009),
        (rows("a", "a"), 100),
        (rows("a", button="ұ" * 21), 131009),
        (link("ұ" * 21), 131009),
        (link(url="kosh.example"), 100),
        (text(biz_opaque_callback_data="x" * 513), 131009),
        (text(to="77o1"), 131009),
        (text(to="77170000000"), 131021),
        (text(messaging_product="telegram"), 100),
        (text(recipient_type="group"), 100),
        (text(category="utility"), 100),
        (text(context={"message_id": "wamid.none"}), 100),
        (text() | {"text": {"body": "a", "parse_mode": "HTML"}}, 100),
        (text() | {"text": {"body": "a", "preview_url": "yes"}}, 100),
        (text() | {"text": None}, 100),
        (text() | {"type": "video"}, 131051),
        ({"to": PHONE, "type": "text", "text": {"body": "a"}}, 131008),
        ({"messaging_product": "whatsapp", "type": "text", "text": {"body": "a"}}, 131008),
        ({"messaging_product": "whatsapp", "to": PHONE, "type": "text"}, 131008),
        (interactive({"type": "flow", "body": {"text": "a"}, "action": {}}), 100),
        (interactive({"type": "button", "body": {"text": "a"}, "action": {}}), 131008),
    ],
)
async def test_whatsapp_emulator_refuses_messages_beyond_the_limits(
    whatsapp: Emulator, aigul: User, message: Any, code: int
) -> None:
    await aigul.say("1")
    assert await send(whatsapp, message) == code
    assert aigul.received == []
    assert len(whatsapp.journal.mistakes()) == 1


def list_message(*sections: list[dict[str, Any]], titled: bool = True) -> dict[str, Any]:
    shown = [{"title": f"s{n}"} if titled else {} for n in range(len(sections))]
    parts = [title | {"rows": section} for title, section in zip(shown, sections, strict=True)]
    action = {"button": "o", "sections": parts}
    return interactive({"type": "list", "body": {"text": "b"}, "action": action})


def row(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": name} | more


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (list_message([row(f"a{n}") for n in range(6)], [row(f"b{n}") for n in range(5)]), 131009),
        (list_message([row("a")], [row("b")], titled=False), 131008),
        (list_message([row("a")], [row("a", title="b")]), 131009),
        (list_message([row("a", description="ұ" * 73)]), 131009),
        (list_message([row("i" * 201, title="a")]), 131009),
        (list_message([]), 131009),
        (list_message([row("a", emoji="👍")]), 100),
    ],
)
async def test_whatsapp_emulator_refuses_lists_beyond_the_limits(
    whatsapp: Emulator, aigul: User, message: Any, code: int
) -> None:
    await aigul.say("1")
    assert await send(whatsapp, message) == code


async def test_whatsapp_emulator_marks_errors_that_only_the_emulator_returns(
    whatsapp: Emulator, aigul: User
) -> None:
    await aigul.say("1")
    assert "EMULATOR" in await details(whatsapp, text(parse_mode="HTML"))
    assert "EMULATOR" not in await details(whatsapp, buttons("ұ" * 21))
    _, answer = await call(whatsapp, f"/v25.0/{NUMBER_ID}/messages", text(parse_mode="HTML"))
    assert "EMULATOR" in answer["error"]["message"]


# Templates --------------------------------------------------------------------------------------

STATUS = Template("status_changed", "kk", "Сәлем, {{1}}. Өтініш: {{2}}", buttons=("Ашу",))


async def test_whatsapp_emulator_accepts_a_template_after_24_hours(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    whatsapp.add_templates(STATUS)
    message = template("Testova", "KZ-1")
    payload = {"type": "payload", "payload": "open:1"}
    message["template"]["components"].append(
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [payload]}
    )
    _, answer = await call(whatsapp, f"/v25.0/{NUMBER_ID}/messages", message)
    assert answer["messages"][0]["message_status"] == "accepted"
    assert aigul.last.text == "Сәлем, Testova. Өтініш: KZ-1"
    assert aigul.last.price["category"] == "utility"
    await aigul.press("Ашу")
    await whatsapp.until_taken()
    [pressed] = hook.messages
    assert (pressed["type"], pressed["button"]) == ("button", {"payload": "open:1", "text": "Ашу"})
    assert aigul.window


async def test_whatsapp_emulator_template_accepts_named_parameters_and_a_link(
    whatsapp: Emulator, aigul: User
) -> None:
    whatsapp.add_templates(
        Template("link", "ru", "{{name}}!", link=("Открыть", "https://example.kz/{{1}}"))
    )
    message = template(name="link", code="ru")
    named = {"type": "text", "text": "Testova", "parameter_name": "name"}
    ending = {"type": "text", "text": "s/1"}
    message["template"]["components"] = [
        {"type": "body", "parameters": [named]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [ending]},
    ]
    assert await send(whatsapp, message) == 0
    assert (aigul.last.text, aigul.last.link) == ("Testova!", ("Открыть", "https://example.kz/s/1"))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (template("a"), 132000),
        (template("a", "b", "c"), 132000),
        (template(), 132000),
        (template("a", "b", code="ru"), 132001),
        (template("a", "b", name="none"), 132001),
        (template("a", "b", name="paused"), 132015),
        (template("a", "b", name="disabled"), 132016),
        (template("a", "b", name="violating"), 132007),
        (template("a", "b" * 1020), 132005),
        (template("a", "b\nc"), 100),
        (template("a", "b      c"), 100),
    ],
)
async def test_whatsapp_emulator_refuses_unusable_templates_and_parameters(
    whatsapp: Emulator, aigul: User, message: Any, code: int
) -> None:
    states: list[Any] = ["paused", "disabled", "violating"]
    whatsapp.add_templates(STATUS, *(replace(STATUS, name=one, state=one) for one in states))
    assert await send(whatsapp, message) == code
    assert aigul.chat == []


async def test_whatsapp_emulator_refuses_template_parameters_of_the_wrong_kind(
    whatsapp: Emulator, aigul: User
) -> None:
    whatsapp.add_templates(STATUS)
    message = template("a", "b")
    [body] = message["template"]["components"]
    body["parameters"][0] = {"type": "payload", "payload": "a"}
    assert await send(whatsapp, message) == 132012
    body["parameters"][0] = {"type": "text", "text": "a", "parameter_name": "a"}
    assert await send(whatsapp, message) == 132012
    body["parameters"][0] = {"type": "text"}
    assert await send(whatsapp, message) == 131008


def test_whatsapp_emulator_template_needs_a_valid_name_and_language() -> None:
    with pytest.raises(ValueError, match="no template"):
        Template("Status", "kk", "a")
    with pytest.raises(ValueError, match="no template"):
        Template("status", "kk_KZ", "a")


async def test_whatsapp_emulator_limits_marketing_messages(whatsapp: Emulator, hook: Hook) -> None:
    news = Template("news", "kk", "Жаңалық", category="marketing")
    async with Emulator(limits=Limits(marketing=1), pace=FAST) as limited:
        limited.add_templates(news)
        user = limited.user(PHONE)
        for _ in range(2):
            assert await send(limited, template(name="news")) == 0
        assert [one.status for one in user.chat] == ["delivered", "failed"]
        assert len(limited.journal.refused(131049)) == 1
        limited.advance(25 * HOUR)
        assert await send(limited, template(name="news")) == 0
        assert user.last.status == "delivered"
    whatsapp.add_templates(news)
    user = whatsapp.user(PHONE)
    user.stop_marketing()
    assert await send(whatsapp, template(name="news")) == 0
    await whatsapp.until_taken()
    assert hook.statuses[-1]["errors"][0]["code"] == 131050


async def test_whatsapp_emulator_authentication_template_needs_a_phone_number(
    whatsapp: Emulator, aigul: User
) -> None:
    whatsapp.add_templates(Template("code", "kk", "Код {{1}}", category="authentication"))
    message = template("1", name="code") | {"recipient": aigul.user_id}
    del message["to"]
    assert await send(whatsapp, message) == 131062


# Rate limits ------------------------------------------------------------------------------------


async def test_whatsapp_emulator_applies_the_pair_rate_limit() -> None:
    async with Emulator(limits=Limits(pair_burst=2)) as whatsapp:
        user = whatsapp.user(PHONE)
        await user.say("1")
        assert [await send(whatsapp, text()) for _ in range(3)] == [0, 0, 131056]
        await whatsapp.user("77010000002").say("1")
        assert await send(whatsapp, text(to="77010000002")) == 0
        whatsapp.advance(6)
        assert [await send(whatsapp, text()) for _ in range(2)] == [0, 131056]
        assert len(user.received) == 3


async def test_whatsapp_emulator_rate_limit_counts_messages_of_both_directions() -> None:
    async with Emulator(limits=Limits(number_rate=0.01, number_burst=3)) as whatsapp:
        await whatsapp.user(PHONE).say("1")
        assert [await send(whatsapp, text()) for _ in range(3)] == [0, 0, 130429]
        whatsapp.advance(100)
        assert await send(whatsapp, text()) == 0


async def test_whatsapp_emulator_limits_daily_unique_recipients() -> None:
    async with Emulator(limits=Limits(reach=2)) as whatsapp:
        whatsapp.add_templates(STATUS)
        phones = ["77010000001", "77010000002", "77010000003"]
        await whatsapp.user("77010000004").say("1")
        for phone in phones:
            whatsapp.user(phone)
        messages = [template("a", "b") | {"to": phone} for phone in (*phones, phones[0])]
        assert [await send(whatsapp, one) for one in messages] == [0, 0, 131048, 0]
        assert await send(whatsapp, template("a", "b") | {"to": "77010000004"}) == 0
        whatsapp.advance(25 * HOUR)
        assert await send(whatsapp, messages[2]) == 0


# Files sent and received ------------------------------------------------------------------------


async def fetch(url: str, token: str = TOKEN, header: str = "") -> tuple[int, bytes]:
    headers = {header: token} if header else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_whatsapp_emulator_media_address_expires_after_five_minutes(
    whatsapp: Emulator, aigul: User, hook: Hook
) -> None:
    await aigul.send_photo(b"\xff\xd8photo")
    await whatsapp.until_taken()
    name = hook.messages[0]["image"]["id"]
    status, media = await call(whatsapp, f"/v25.0/{name}", method="GET")
    assert (status, media["file_size"], media["mime_type"]) == (200, 7, "image/jpeg")
    assert media["sha256"] == hook.messages[0]["image"]["sha256"]
    assert await fetch(media["url"]) == (200, b"\xff\xd8photo")
    assert (await fetch(media["url"], "wrong"))[0] == 401
    whatsapp.advance(301)
    assert (await fetch(media["url"]))[0] == 404
    _, again = await call(whatsapp, f"/v25.0/{name}", method="GET")
    assert (await fetch(again["url"]))[0] == 200
    whatsapp.advance(7 * 24 * HOUR)
    status, gone = await call(whatsapp, f"/v25.0/{name}", method="GET")
    assert (status, gone["error"]["code"], gone["error"]["error_subcode"]) == (400, 100, 33)


async def upload(whatsapp: Emulator, data: bytes, mime: str, **more: str) -> tuple[int, Any]:
    form = aiohttp.FormData({"messaging_product": "whatsapp"} | more)
    form.add_field("file", BytesIO(data), filename="f", content_type=mime)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{whatsapp.url}/v25.0/{NUMBER_ID}/media", data=form) as answer,
    ):
        return answer.status, await answer.json()


async def test_whatsapp_emulator_accepts_an_uploaded_file(whatsapp: Emulator, aigul: User) -> None:
    await aigul.say("1")
    _, answer = await upload(whatsapp, b"\x89PNG", "image/png")
    image = text(type="image", image={"id": answer["id"], "caption": "Сурет"})
    del image["text"]
    assert await send(whatsapp, image) == 0
    assert (aigul.last.kind, aigul.last.text) == ("image", "Сурет")
    document = {"link": "https://example.kz/a.pdf", "filename": "a.pdf"}
    message = image | {"type": "document", "document": document}
    del message["image"]
    assert await send(whatsapp, message) == 0

    both = image | {"image": {"id": answer["id"], "link": "https://example.kz/a.png"}}
    assert await send(whatsapp, both) == 131008
    assert await send(whatsapp, image | {"image": {"id": "12"}}) == 100
    _, pdf = await upload(whatsapp, b"%PDF", "application/pdf")
    assert await send(whatsapp, image | {"image": {"id": pdf["id"]}}) == 131009
    status, _ = await call(whatsapp, f"/v25.0/{answer['id']}", method="DELETE")
    assert status == 200
    assert await send(whatsapp, image) == 100


async def test_whatsapp_emulator_refuses_invalid_uploads(whatsapp: Emulator) -> None:
    assert (await upload(whatsapp, b"GIF8", "image/gif"))[1]["error"]["code"] == 100
    assert (await upload(whatsapp, b"", "image/png"))[1]["error"]["code"] == 131053
    big = bytes((5 << 20) + 1)
    assert (await upload(whatsapp, big, "image/png"))[1]["error"]["code"] == 131053
    assert (await upload(whatsapp, b"a", "image/png", caption="a"))[1]["error"]["code"] == 100


# Access tokens, paths and versions


async def test_whatsapp_emulator_refuses_a_wrong_token_path_or_version(
    whatsapp: Emulator, aigul: User
) -> None:
    path = f"/v25.0/{NUMBER_ID}/messages"
    status, answer = await call(whatsapp, path, text(), token="wrong")
    assert (status, answer["error"]["code"]) == (401, 190)
    assert answer["error"]["fbtrace_id"]
    status, answer = await call(whatsapp, "/v25.0/5/messages", text())
    assert (status, answer["error"]["error_subcode"]) == (400, 33)
    for wrong in (f"/v9.0/{NUMBER_ID}/messages", f"/{NUMBER_ID}/messages", "/messages"):
        _, answer = await call(whatsapp, wrong, text())
        assert "EMULATOR" in answer["error"]["message"]
    headers, basic = ({"Authorization": f"{one} {TOKEN}"} for one in ("Bearer", "Basic"))
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(whatsapp.url + path, data={"to": PHONE}) as form,
        session.post(whatsapp.url + path, json=[]) as array,
        session.post(whatsapp.url + path, data=json.dumps(text()).encode()) as untyped,
        session.post(whatsapp.url + path, json=text(), headers=basic) as other,
    ):
        assert [one.status for one in (form, array, untyped, other)] == [400, 400, 400, 401]


async def test_whatsapp_emulator_supports_the_api_of_a_solution_provider() -> None:
    async with Emulator("key", limits=False, dialect="provider") as whatsapp:
        user = whatsapp.user(PHONE)
        await user.say("1")
        async with aiohttp.ClientSession() as session:
            url = f"{whatsapp.url}/messages"
            for headers, status in [
                ({"D360-API-KEY": "key"}, 200),
                ({"D360-API-KEY": "wrong"}, 401),
                ({"Authorization": "Bearer key"}, 401),
            ]:
                async with session.post(url, json=text(), headers=headers) as answer:
                    assert answer.status == status
            key = {"D360-API-KEY": "key"}
            photo = await user.send_photo(b"\xff\xd8photo")
            name = photo.content["image"]["id"]
            async with session.get(f"{whatsapp.url}/{name}", headers=key) as answer:
                address = (await answer.json())["url"]
        assert address.startswith("https://lookaside.fbsbx.com/")
        local_url = address.replace("https://lookaside.fbsbx.com", whatsapp.url)
        assert (await fetch(local_url, "key", "D360-API-KEY")) == (200, b"\xff\xd8photo")


# Scripted faults --------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
async def test_whatsapp_emulator_can_return_every_error(
    whatsapp: Emulator, aigul: User, hook: Hook, code: int
) -> None:
    await aigul.say("1")
    whatsapp.fail(Refused(code, subcode=2494010))
    status, answer = await call(whatsapp, f"/v25.0/{NUMBER_ID}/messages", text())
    assert (status, answer["error"]["code"]) == (ERRORS[code][0], code)
    assert answer["error"]["error_subcode"] == 2494010
    whatsapp.fail(Failed(code))
    assert await send(whatsapp, text()) == 0
    await whatsapp.until_taken()
    assert hook.statuses[-1]["errors"][0]["code"] == code
    assert aigul.received == []
    assert await send(whatsapp, text()) == 0
    assert whatsapp.journal.mistakes() == []


async def test_whatsapp_emulator_fault_can_target_one_user(whatsapp: Emulator, aigul: User) -> None:
    await aigul.say("1")
    other = whatsapp.user("77010000002")
    await other.say("1")
    whatsapp.fail(Refused(131056), to=PHONE)
    assert await send(whatsapp, text(to=other.phone)) == 0
    assert await send(whatsapp, text()) == 131056
    assert await send(whatsapp, text()) == 0


async def test_whatsapp_emulator_simulates_connection_faults(
    whatsapp: Emulator, aigul: User
) -> None:
    await aigul.say("1")
    path = f"{whatsapp.url}/v25.0/{NUMBER_ID}/messages"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    timeout = aiohttp.ClientTimeout(total=0.3)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        whatsapp.fail(Broken(502))
        async with session.post(path, json=text("1")) as answer:
            assert (answer.status, answer.content_type) == (502, "text/html")
        whatsapp.fail(Cut(delivered=True))
        with pytest.raises(aiohttp.ClientError):
            await session.post(path, json=text("2"))
        whatsapp.fail(Silent(delivered=True))
        with pytest.raises(TimeoutError):
            await session.post(path, json=text("3"))
        whatsapp.fail(Lost())
        async with session.post(path, json=text("4")) as answer:
            assert answer.status == 200
        whatsapp.fail(Slow(0.05))
        async with session.post(path, json=text("5")) as answer:
            assert answer.status == 200
    assert [one.text for one in aigul.received] == ["2", "3", "5"]
    assert [one["text"]["body"] for one in whatsapp.journal.sent()] == ["2", "3", "4", "5"]


async def test_whatsapp_emulator_simulates_media_faults(whatsapp: Emulator, aigul: User) -> None:
    photo = await aigul.send_photo(b"\xff\xd8photo")
    path = f"/v25.0/{photo.content['image']['id']}"
    whatsapp.fail(Refused(131052), method="media")
    assert (await call(whatsapp, path, method="GET"))[1]["error"]["code"] == 131052
    _, media = await call(whatsapp, path, method="GET")
    whatsapp.fail(Broken(503), method="download")
    assert (await fetch(media["url"]))[0] == 503
    assert (await fetch(media["url"]))[0] == 200


# The emulator as a process of its own -----------------------------------------------------------


async def test_whatsapp_emulator_process_is_controlled_over_http(
    tmp_path: Path, hook: Hook
) -> None:
    log = tmp_path / "calls.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.whatsapp", "--no-limits", "--log", str(log),
        "--webhook", hook.url, "--token", "t",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as session:

        async def do(verb: str, *objects: Any) -> Any:
            async with session.post(f"{url}/_control/{verb}", json=list(objects)) as answer:
                assert answer.status == 200, await answer.text()
                return await answer.json()

        await do("user", {"phone": PHONE, "name": "Testova"})
        await do("template", {"name": "a", "language": "kk", "body": "A"})
        await do("say", {"user": PHONE, "text": "1"}, {"user": PHONE, "text": "2"})
        await do("taken", {})
        assert [one["text"]["body"] for one in hook.messages] == ["1", "2"]
        path = f"{url}/v25.0/{NUMBER_ID}/messages"
        headers = {"Authorization": "Bearer t"}
        await session.post(path, json=buttons("Иә"), headers=headers)
        [seen] = await do("wait", {"user": PHONE, "number": 1})
        assert seen["buttons"] == [{"title": "Иә", "data": "b0"}]
        await do("press", {"user": PHONE, "title": "Иә"})
        async with session.get(f"{url}/_control/stats") as answer:
            stats = await answer.json()
        assert (stats["mistakes"], stats["counts"]["messages 200"]) == (0, 1)
    process.terminate()
    assert await process.wait() == 0
    assert "Иә" in log.read_text()
