"""Install and run Kosh with real processes, as an operator does.

- `python -m tests.installation polling`: the steps of docs/tutorials/first-ten-minutes.md
- `python -m tests.installation servers`: two web and two worker processes
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import aiohttp

from bot import embedded
from tests.emulators.telegram import Emulator
from tests.visitor import Visitor

ROOT = Path(__file__).parents[1]
TOKEN = f"1000000001:{token_hex(18)}"
PORT = 18500
NOTHING: Mapping[str, str] = {}
TIMEOUT_SECONDS = 300
TO_NAMES = (
    "ru", "preregistration", "self", "yes", "move", "UZ", "origin", "long", "no", "yes", "none",
    "seen", "yes", "yes", "TESTOVA",
)  # fmt: skip


@contextmanager
def kosh(
    *words: str, root: Path = ROOT, environment: Mapping[str, str] = NOTHING
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `./kosh WORDS` in a separate process, from the checkout `root`."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KOSH_")}
    command = [sys.executable, "-m", "bot", *words]
    process = subprocess.Popen(command, cwd=root, env={**plain, **environment})
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def done(*words: str, environment: Mapping[str, str] = NOTHING) -> None:
    """Run `./kosh WORDS` to its end; raise AssertionError unless its exit status is 0."""
    with kosh(*words, environment=environment) as process:
        assert process.wait(TIMEOUT_SECONDS) == 0, words


async def up(url: str) -> None:
    """Wait until the server at this base URL is ready, for at most TIMEOUT_SECONDS."""
    async with asyncio.timeout(TIMEOUT_SECONDS), aiohttp.ClientSession() as http:
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(f"{url}/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.2)


async def polling(folder: Path) -> None:
    """Run `init`, `doctor` and `run` with only a bot token, until the first answer of the bot."""
    start = time.monotonic()
    async with Emulator(token=TOKEN, limits=False) as telegram:
        environment = {"KOSH_TELEGRAM_TOKEN": TOKEN, "KOSH_TELEGRAM_API": telegram.url}
        data = ("--data", str(folder / "data"))
        await asyncio.to_thread(done, "init", "--no-input", *data, environment=environment)
        api = {"KOSH_TELEGRAM_API": telegram.url}
        print(f"init: {time.monotonic() - start:.1f} s", flush=True)
        with kosh("run", *data, "--port", str(PORT), environment=api):
            user = telegram.user(7001, first_name="Testova")
            await user.start("")
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while not user.received:  # noqa: ASYNC110 — the outside sends no signal
                    await asyncio.sleep(0.1)
            print(
                f"first answer: {time.monotonic() - start:.1f} s after the first word of the docs"
            )
            await asyncio.to_thread(done, "doctor", *data, environment=api)


async def servers(folder: Path) -> None:
    """Start two web and two worker processes on an existing PostgreSQL and Valkey.

    Their URLs are in the environment variables SYSTEM_POSTGRESQL and SYSTEM_VALKEY. Check that both
    web processes answer visitors, and that all four processes serve metrics.
    """
    admin = os.environ["SYSTEM_POSTGRESQL"]
    prepared = embedded.prepare(admin, "kosh_servers", folder / "passwords")
    environment = {
        "KOSH_DATABASE_URL": prepared.app,
        "KOSH_DATABASE_RETENTION_URL": prepared.retention,
        "KOSH_DATABASE_CONSOLE_URL": prepared.console,
        "KOSH_REDIS_URL": os.environ["SYSTEM_VALKEY"],
        "KOSH_KEY_DIR": str(folder / "keys"),
        "KOSH_DATA_DIR": str(folder / "data"),
        "KOSH_VERSION_EXEMPTIONS": os.environ.get("KOSH_VERSION_EXEMPTIONS", ""),
    }
    done("migrate", environment=environment | {"KOSH_DATABASE_OWNER_URL": prepared.owner})
    done("keys", "first", environment=environment)
    async with AsyncExitStack() as stack:
        for number in (0, 1):
            watched = {"KOSH_METRICS_PORT": str(PORT + 10 + number)}
            stack.enter_context(
                kosh("web", "--port", str(PORT + number), environment=environment | watched)
            )
            watched = {"KOSH_METRICS_PORT": str(PORT + 20 + number)}
            stack.enter_context(kosh("work", environment=environment | watched))
        for number in (0, 1):
            await up(f"http://127.0.0.1:{PORT + number}")
        for number in (0, 1, 0, 1):
            await start_registration(f"http://127.0.0.1:{PORT + number}")
        async with aiohttp.ClientSession() as http:
            for port in (PORT + 10, PORT + 11, PORT + 20, PORT + 21):
                async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                    assert 'kosh_up{of="database"} 1.0' in await answer.text()
        print("four people answered by two web servers; four processes counted", flush=True)
        await asyncio.to_thread(done, "doctor", environment=environment)


async def start_registration(url: str) -> None:
    """Register in the web chat at this base URL, up to the answer to the question for a surname."""
    async with Visitor.at(url) as visitor:
        await inside(visitor)


async def inside(visitor: Visitor) -> None:
    await visitor.wait(1)
    await visitor.give_answers(*TO_NAMES)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="kosh-installation-"))
    try:
        match sys.argv[1:]:
            case ["polling"]:
                asyncio.run(polling(folder))
            case ["servers"]:
                asyncio.run(servers(folder))
            case _:
                sys.exit(__doc__)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
