"""Separate web and worker processes, and the published content that each of them serves."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from pydantic import SecretStr

from bot.config.settings import Settings
from bot.embedded.server_process import free_port
from flows.knowledge.intents.answers import ANSWERS
from tests.chaos.processes import Child, ready
from tests.editorial.editors import ITEM

WEBS, WORKERS = ("web 1", "web 2"), ("worker 1",)
PAGE = next(
    answer.intent for answer in ANSWERS if any(f"fact:{fact.key}" == ITEM for fact in answer.facts)
)
NUMBERS = re.compile(r"(?<!\d)([2-9]\d\d|1\d{3})(?!\d) ?(?:дней|天|күнге|kungacha|кунгача|كۇنگە)")
SOURCE = re.compile(r"gov\.kz/example/(\d+)")
SECONDS = 10
# Settings of the test that its processes get too; all other settings keep their defaults.
PASSED_SETTINGS = (
    "database_url", "database_owner_url", "database_retention_url", "database_console_url",
    "redis_url", "data_dir", "key_dir", "telegram_token", "telegram_secret", "telegram_rate",
    "registry_url", "registry_client_id", "registry_client_secret", "registry_callback_secret",
    "smtp_host", "smtp_port", "smtp_security", "smtp_from", "push_private_key", "push_hosts",
)  # fmt: skip


class ServedProcess:
    """A process, its ports, and the content that it serves."""

    def __init__(self, name: str, settings: Settings, folder: Path) -> None:
        self.port, self.metrics = free_port(), free_port()
        word = "web" if name in WEBS else "work"
        env = _environment(settings) | {
            "KOSH_PORT": str(self.port),
            "KOSH_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "KOSH_METRICS_PORT": str(self.metrics),
            "KOSH_LOG_LEVEL": "warning",
            "PATH": os.environ["PATH"],
        }
        log = folder / f"{name.replace(' ', '-')}.log"
        self.child = Child(name, ("tests.chaos.program", word), env, log)

    @property
    def is_web(self) -> bool:
        return self.child.name in WEBS

    def version(self) -> int:
        """Return the number of the publication in use; -1 if the web process is not ready."""
        if self.is_web and ready(self.port, SECONDS) != HTTPStatus.OK:
            return -1
        text = _read(f"http://127.0.0.1:{self.metrics}/metrics")
        found = re.search(r"^kosh_content_version (\d+)", text, re.MULTILINE)
        return int(float(found[1])) if found else -1

    def shown_numbers(self, language: str) -> tuple[str, ...]:
        """Return the publication numbers on the process's page, from sentences and source links."""
        text = _read(f"http://127.0.0.1:{self.port}/info/{PAGE}?lang={language}")
        return (*NUMBERS.findall(text), *SOURCE.findall(text)[:1])


def _environment(settings: Settings) -> dict[str, str]:
    found = {name: getattr(settings, name) for name in PASSED_SETTINGS}
    return {
        f"KOSH_{name.upper()}": _text(value)
        for name, value in found.items()
        if value not in (None, ())
    }


def _text(value: object) -> str:
    """Return a setting's value in the format of an environment variable."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return ",".join(value)
        case _:
            return str(value)


def _read(address: str) -> str:
    try:
        with urlopen(address, timeout=SECONDS) as answer:
            return str(answer.read().decode())
    except (URLError, ConnectionError, TimeoutError):
        return ""


@contextmanager
def processes(settings: Settings, folder: Path) -> Iterator[list[ServedProcess]]:
    """Start two web processes and a worker; stop them at the end."""
    found = [ServedProcess(name, settings, folder) for name in (*WEBS, *WORKERS)]
    for each in found:
        each.child.start()
    try:
        yield found
    finally:
        for each in found:
            each.child.kill()
