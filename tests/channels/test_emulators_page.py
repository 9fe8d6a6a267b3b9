"""The web page on which developers use both messengers' emulators; a fake Kosh answers."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bot.cli import demo
from bot.config.settings import settings
from bot.config.sources import ConfigError
from bot.embedded.server_process import free_port
from tests.emulators import telegram, whatsapp
from tests.emulators.telegram.waiting import Signal

# `kosh demo` takes this many consecutive ports.
PORTS = 5
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


class Kosh:
    """Fake Kosh: it answers every message on both channels with a keyboard or a list."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.heard = Signal()
        self.telegram = ""
        self.whatsapp = ""
        self.http = aiohttp.ClientSession()

    async def verify(self, request: web.Request) -> web.Response:
        right = request.query["hub.verify_token"] == whatsapp.VERIFY_TOKEN
        return web.Response(text=request.query["hub.challenge"], status=200 if right else 403)

    async def hear_telegram(self, request: web.Request) -> web.Response:
        update = await request.json()
        if press := update.get("callback_query"):
            self._note(f"telegram pressed {press['data']}")
            return web.Response()
        message = update["message"]
        kind = next(kind for kind in ("photo", "document", "text") if kind in message)
        self._note(f"telegram {message.get('text', kind)}")
        keyboard = {"inline_keyboard": [[{"text": "قازاقشا", "callback_data": "kk"}]]}
        body = {"chat_id": message["chat"]["id"], "text": "<b>Сәлем</b>", "parse_mode": "HTML"}
        await self._call(f"{self.telegram}/bot{telegram.TOKEN}/sendMessage", body, keyboard)
        return web.Response()

    async def hear_whatsapp(self, request: web.Request) -> web.Response:
        value = (await request.json())["entry"][0]["changes"][0]["value"]
        for message in value.get("messages", []):
            if message["type"] == "interactive":
                self._note(f"whatsapp chose {message['interactive']['list_reply']['id']}")
                continue
            body = message.get("text", {}).get("body", message["type"])
            self._note(f"whatsapp {body}")
            await self._answer(message)
        return web.Response()

    def _note(self, what: str) -> None:
        self.got.append(what)
        self.heard.fire()

    async def _answer(self, message: dict[str, Any]) -> None:
        rows = [{"id": "r1", "title": "Алматы"}]
        action = {"button": "Ашу", "sections": [{"rows": rows}]}
        content = {"type": "list", "body": {"text": "*Қай* қала?"}, "action": action}
        to = (
            {"to": message["from"]} if "from" in message else {"recipient": message["from_user_id"]}
        )
        body = {"messaging_product": "whatsapp", "type": "interactive", "interactive": content} | to
        await self._call(f"{self.whatsapp}/v26.0/{whatsapp.NUMBER_ID}/messages", body, None)

    async def _call(self, url: str, body: dict[str, Any], markup: dict[str, Any] | None) -> None:
        headers = {"Authorization": f"Bearer {whatsapp.TOKEN}"}
        body |= {"reply_markup": markup} if markup else {}
        async with self.http.post(url, json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()


class Browser:
    """A client of the page: its address, its event stream and its forms."""

    def __init__(self, url: str, kosh: Kosh) -> None:
        self.url = url
        self.kosh = kosh

    async def do(self, path: str, body: Any, **headers: str) -> int:
        form = isinstance(body, aiohttp.FormData)
        sent: dict[str, Any] = {"data": body} if form else {"json": body}
        async with self.kosh.http.post(self.url + path, headers=headers, **sent) as answer:
            return answer.status

    async def until(self, seen: Callable[[Any], Any]) -> Any:
        """Return the first true result of `seen` on the states that the stream delivers."""
        async with asyncio.timeout(60), self.kosh.http.get(f"{self.url}/events") as stream:
            async for line in stream.content:
                if line.startswith(b"data: ") and (found := seen(json.loads(line[6:]))):
                    return found
        raise AssertionError("the stream ended")


@asynccontextmanager
async def shown() -> AsyncIterator[Browser]:
    """Start the emulators and their page in a separate process; yield a client of the page."""
    kosh = Kosh()
    app = web.Application()
    app.router.add_get("/webhooks/whatsapp", kosh.verify)
    app.router.add_post("/webhooks/whatsapp", kosh.hear_whatsapp)
    app.router.add_post("/webhooks/telegram", kosh.hear_telegram)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ports = [free_port() for _ in range(2)]
    kosh.telegram, kosh.whatsapp = (f"http://127.0.0.1:{port}" for port in ports)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators",
        "--telegram-port", str(ports[0]), "--whatsapp-port", str(ports[1]),
        "--kosh", f"http://127.0.0.1:{runner.addresses[0][1]}",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    yield Browser(line.split()[-1], kosh)
    process.terminate()
    assert await process.wait() == 0
    await kosh.http.close()
    await runner.cleanup()


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Browser]:
    async with shown() as opened:
        yield opened


def last(phone: str) -> Callable[[Any], Any]:
    """Return a function that finds Kosh's newest message on a phone."""

    def seen(views: Any) -> Any:
        received = [one for one in views[phone]["messages"] if not one["mine"]]
        return received[-1] if received else None

    return seen


def own(phone: str) -> Callable[[Any], Any]:
    """Return a function that lists the person's own messages on a phone."""
    return lambda views: [one for one in views[phone]["messages"] if one["mine"]]


async def test_emulators_page_runs_a_conversation_on_both_phones(page: Browser) -> None:
    assert await page.do("/telegram/start", {}) == 204
    shown = await page.until(last("telegram"))
    assert shown["text"] == "Сәлем"
    assert shown["entities"][0]["type"] == "bold"
    [[button]] = shown["buttons"]
    pressed = {"message": shown["id"], "data": button["data"]}
    assert await page.do("/telegram/press", pressed) == 204

    assert await page.do("/whatsapp/say", {"text": "Сәлем"}) == 204
    shown = await page.until(last("whatsapp"))
    assert (shown["opener"], shown["rows"][0]["title"]) == ("Ашу", "Алматы")
    assert await page.do("/whatsapp/choose", {"message": shown["id"], "data": "r1"}) == 204
    count = await page.until(lambda views: views["whatsapp"]["count"])
    assert count == 1
    await page.kosh.heard.until(lambda: len(page.kosh.got) == 4, 60)
    assert sorted(page.kosh.got) == [
        "telegram /start",
        "telegram pressed kk",
        "whatsapp chose r1",
        "whatsapp Сәлем",
    ]


async def test_emulators_page_sends_a_photo_and_a_file(page: Browser) -> None:
    for phone in ("telegram", "whatsapp"):
        for kind in ("photo", "file"):
            form = aiohttp.FormData({"as": kind}, quote_fields=False)
            form.add_field("file", PNG, filename="куәлік.png", content_type="image/png")
            assert await page.do(f"/{phone}/file", form) == 204
        photo, file = await page.until(own(phone))
        assert file["file"] == "куәлік.png"
        async with page.kosh.http.get(f"{page.url}/{phone}/picture/{photo['picture']}") as answer:
            assert (answer.content_type, await answer.read()) == ("image/png", PNG)


async def test_emulators_page_new_whatsapp_user_can_hide_the_phone_number(page: Browser) -> None:
    await page.do("/whatsapp/say", {"text": "Сәлем"})
    await page.until(last("whatsapp"))
    assert await page.do("/whatsapp/renew", {"hidden": "on"}) == 204
    view = await page.until(lambda views: views["whatsapp"])
    assert view["empty"]
    assert "KZ." in view["who"]
    await page.do("/whatsapp/say", {"text": "Қайырлы күн"})
    assert await page.until(last("whatsapp"))
    before = (await page.until(lambda views: views["telegram"]))["who"]
    await page.do("/telegram/renew", {"language": "ru"})
    assert (await page.until(lambda views: views["telegram"]))["who"] != before


async def test_emulators_page_refuses_invalid_actions(page: Browser) -> None:
    assert await page.do("/telegram/tap", {"title": "Иә"}) == 409
    assert await page.do("/whatsapp/choose", {"message": "none", "data": "r1"}) == 409
    assert await page.do("/whatsapp/say", {"text": " "}) == 409
    assert await page.do("/whatsapp/dance", {}) == 409
    assert await page.do("/viber/say", {"text": "1"}) == 404


async def test_emulators_page_refuses_other_origins(page: Browser) -> None:
    body = {"text": "1"}
    assert await page.do("/whatsapp/say", body, Origin="https://example.org") == 403
    assert await page.do("/whatsapp/say", body, Host="example.org") == 403
    assert await page.do("/whatsapp/say", body, Origin=page.url) == 204
    async with page.kosh.http.get(page.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


# The page and the emulators, started by `kosh demo` -----------------------------------------------


async def until_served(url: str) -> None:
    """Wait until a process answers HTTP, since it announces its start only on a terminal."""
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(url) as answer:
                    return answer.raise_for_status()
            await asyncio.sleep(0.05)


async def test_demo_connects_kosh_to_both_emulators(tmp_path: Path) -> None:
    chosen = settings(demo=True, data_dir=tmp_path, port=free_port(PORTS))
    with demo.phones(chosen) as joined:
        assert joined.has_telegram
        assert joined.has_whatsapp
        assert joined.telegram_secret is not None
        url = f"http://127.0.0.1:{chosen.port + 4}"
        await until_served(url)
        async with aiohttp.ClientSession() as session:
            assert joined.telegram_token
            token = joined.telegram_token.get_secret_value()
            async with session.get(f"{joined.telegram_api}/bot{token}/getMe") as answer:
                assert answer.status == 200
            assert joined.whatsapp_token
            bearer = {"Authorization": f"Bearer {joined.whatsapp_token.get_secret_value()}"}
            path = f"{joined.whatsapp_api}/{joined.whatsapp_number_id}/messages"
            async with session.post(path, json={}, headers=bearer) as answer:
                assert (await answer.json())["error"]["code"] == 131008
    with pytest.raises(aiohttp.ClientConnectionError):
        async with aiohttp.ClientSession() as session:
            await session.get(url)


def test_demo_raises_config_error_without_a_source_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    with pytest.raises(ConfigError, match="source checkout"), demo.phones(settings(demo=True)):
        pass
