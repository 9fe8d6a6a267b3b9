"""Firefox and WebKit for tests, controlled by the standard protocols that they implement.

Firefox supports WebDriver BiDi. WebKit is Debian's MiniBrowser controlled by WebKitWebDriver; it
needs a display, which Xvfb provides. The tests run only with `KOSH_ENGINES=1`, so that the result
of a run does not depend on the browsers of the machine.
"""

import asyncio
import json
import os
import re
import shutil
import tempfile
from abc import ABC, abstractmethod
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.embedded.server_process import free_port

MINI_BROWSER = Path("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser")
# WebKit runs without its sandbox, which does not work as root, and without a graphics card. The
# tests load only pages of their own server.
WEBKIT_ENVIRONMENT = {
    "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "GTK_A11Y": "none",
}
AS_JSON = "Promise.resolve({}).then(found => JSON.stringify(found === undefined ? null : found))"
SECONDS, PAUSE_SECONDS = 60, 0.05


class Engine(ABC):
    """A browser with one page, which a test controls through the browser's driver."""

    @abstractmethod
    async def goto(self, url: str) -> None:
        """Open a URL and wait until the page is loaded."""

    @abstractmethod
    async def _evaluate(self, expression: str) -> str:
        """Return the string to which a JavaScript promise resolves on the page."""

    @abstractmethod
    async def resize(self, width: int, height: int) -> None:
        """Set the size of the page in px; WebKit's window is at least 447 px wide."""

    async def run(self, expression: str) -> Any:
        """Evaluate a JavaScript expression on the page; return its value."""
        return json.loads(await self._evaluate(AS_JSON.format(f"({expression})")))

    async def until(self, expression: str) -> None:
        """Wait until a JavaScript expression is true, even if another page is loaded meanwhile."""
        async with asyncio.timeout(SECONDS):
            while True:
                # The driver returns an error if another page is loaded during the evaluation.
                with suppress(AssertionError):
                    if await self.run(f"Boolean({expression})"):
                        return
                await asyncio.sleep(PAUSE_SECONDS)


class Firefox(Engine):
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket, self.count, self.context = socket, 0, ""

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command; return its result. Raises AssertionError with the browser's message."""
        self.count += 1
        await self.socket.send_json({"id": self.count, "method": method, "params": params})
        while (answer := await self.socket.receive_json()).get("id") != self.count:
            pass
        assert answer["type"] == "success", answer
        return dict(answer["result"])

    async def goto(self, url: str) -> None:
        await self.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    async def _evaluate(self, expression: str) -> str:
        target = {"context": self.context}
        found = await self.call(
            "script.evaluate", expression=expression, target=target, awaitPromise=True
        )
        assert found["type"] == "success", found
        return str(found["result"]["value"])

    async def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        await self.call("browsingContext.setViewport", context=self.context, viewport=viewport)


class WebKit(Engine):
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def call(self, path: str, **body: Any) -> Any:
        """Post a command; return its value. Raises AssertionError with the browser's message."""
        async with self.session.post(self.url + path, json=body) as answer:
            value = (await answer.json(content_type=None))["value"]
            assert answer.status == 200, value
            return value

    async def goto(self, url: str) -> None:
        await self.call("/url", url=url)

    async def _evaluate(self, expression: str) -> str:
        return str(await self.call("/execute/sync", script=f"return {expression}", args=[]))

    async def resize(self, width: int, height: int) -> None:
        await self.call("/window/rect", width=width, height=height)


def _skip_without(*programs: str) -> None:
    if not os.environ.get("KOSH_ENGINES"):
        pytest.skip("KOSH_ENGINES is not set")
    missing = [each for each in programs if shutil.which(each) is None]
    if missing:
        pytest.skip(f"no {missing[0]} here")


@asynccontextmanager
async def _run_process(*command: str, **more: Any) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(*command, **more)
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def _wait_for_output(process: Process, pattern: str) -> str:
    """Return the first match of a pattern in the process's standard error.

    Raises EOFError if the process ends before it prints a match.
    """
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if found := re.search(pattern, line):
            return found.group()
    raise EOFError(pattern)


@asynccontextmanager
async def firefox(**preferences: Any) -> AsyncIterator[Firefox]:
    """Start Firefox with a new profile; skip the test if it is not installed."""
    _skip_without("firefox-esr")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in preferences.items()]
        Path(profile, "user.js").write_text("\n".join(lines))
        command = ("firefox-esr", "--headless", "--remote-debugging-port", "0")
        async with AsyncExitStack() as stack:
            process = await stack.enter_async_context(
                _run_process(*command, "--profile", profile, stderr=PIPE, stdout=DEVNULL)
            )
            url = await _wait_for_output(process, r"ws://\S+")
            session = await stack.enter_async_context(aiohttp.ClientSession())
            socket = await stack.enter_async_context(session.ws_connect(f"{url}/session"))
            page = Firefox(socket)
            await page.call("session.new", capabilities={})
            tree = await page.call("browsingContext.getTree")
            page.context = tree["contexts"][0]["context"]
            yield page


@asynccontextmanager
async def webkit() -> AsyncIterator[WebKit]:
    """Start WebKit's MiniBrowser on a virtual display; skip the test if it is not installed."""
    _skip_without("WebKitWebDriver", "Xvfb", str(MINI_BROWSER))
    async with AsyncExitStack() as stack:
        environment = {**WEBKIT_ENVIRONMENT, "DISPLAY": f":{await _screen(stack)}"}
        port = free_port()
        await stack.enter_async_context(
            _run_process(
                "WebKitWebDriver", f"--port={port}", env=os.environ | environment, stderr=DEVNULL
            )
        )
        limit = aiohttp.ClientTimeout(total=SECONDS)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=limit))
        driver = f"http://127.0.0.1:{port}"
        options = {"binary": str(MINI_BROWSER), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        page = WebKit(session, driver)
        found = await _create_session(page, wanted)
        page.url = f"{driver}/session/{found['sessionId']}"
        yield page
        await session.delete(page.url)


async def _screen(stack: AsyncExitStack) -> str:
    """Start a virtual display (Xvfb); return its number."""
    reading, writing = os.pipe()
    command = ("Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x1024x24")
    await stack.enter_async_context(_run_process(*command, pass_fds=(writing,), stderr=DEVNULL))
    os.close(writing)
    with os.fdopen(reading) as output:
        return (await asyncio.to_thread(output.readline)).strip()


async def _create_session(page: WebKit, wanted: dict[str, Any]) -> dict[str, Any]:
    """Create a WebDriver session, retrying until the driver listens."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return dict(await page.call("/session", capabilities=wanted))
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(PAUSE_SECONDS)
