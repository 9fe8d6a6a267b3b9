"""The commands `./kosh broadcast` as an operator types them, with valid and invalid input."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.broadcasts import pausing
from bot.config.settings import Settings
from bot.embedded import Databases
from bot.officers.permissions import Role
from tests.app_stack import AppStack, stack_settings
from tests.emulators.telegram import Cut
from tests.subscribers import (
    TEXTS,
    TOPIC,
    create_officer,
    create_officers,
    create_subscribers,
    new_draft,
    start,
)
from tests.terminal import shell

TESTER = 700_001
PAPER = f"""
purpose = "news"
topic = "{TOPIC}"
quiet = []

[texts]
{"".join(f'{language} = "{words.body}"\n' for language, words in TEXTS.items())}
[audience]
languages = ["ru", "kk"]
"""


@pytest.fixture
def chosen(databases: Databases, redis_url: str, tmp_path: Path) -> Settings:
    """Return settings that name a Telegram account as the tester of announcements."""
    found = stack_settings(databases, redis_url, tmp_path)
    return found.model_copy(update={"broadcast_testers": (f"telegram:{TESTER}",)})


@dataclass
class Terminal:
    """A terminal in which `./kosh broadcast` uses the settings of this test's application."""

    stack: AppStack
    folder: Path

    async def kosh(self, *words: str, typed: str = "") -> tuple[int, str]:
        around = os.environ | self._environment()
        code, output = await asyncio.to_thread(
            shell().types, "broadcast", *words, environment=around, typed=typed
        )
        assert "Traceback" not in output, output
        return code, output

    def _environment(self) -> dict[str, str]:
        settings, environment = self.stack.rt.settings, {"KOSH_LOG_LEVEL": "error"}
        for name in settings.model_fields_set:
            value = getattr(settings, name)
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            environment[f"KOSH_{name.upper()}"] = (
                ",".join(plain) if isinstance(plain, tuple) else str(plain)
            )
        return environment

    def paper(self, content: str | bytes) -> str:
        file = self.folder / "announcement.toml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(file)


@pytest.fixture
def terminal(stack: AppStack, tmp_path: Path) -> Terminal:
    return Terminal(stack, tmp_path)


@pytest.mark.release
async def test_broadcast_command_sends_a_broadcast_from_a_file(terminal: Terminal) -> None:
    stack = terminal.stack
    editor, approver, lead = [
        (await create_officer(stack.rt, role)).name
        for role in (Role.EDITOR, Role.APPROVER, Role.LEAD)
    ]
    members = await create_subscribers(stack.rt, 3, languages=("ru",))
    phones = [stack.telegram.user(int(each.address), started=True) for each in members]
    tester = stack.telegram.user(TESTER, started=True)

    async def run(*words: str, by: str, typed: str = "") -> str:
        code, output = await terminal.kosh(*words, "--officer", by, typed=typed)
        assert code == 0, output
        return output

    draft_output = await run("draft", terminal.paper(PAPER), by=editor)
    assert draft_output == "Announcement 1, state: draft\n"
    counts = await run("count", "1", by=editor)
    assert "3 telegram ru" in counts
    assert "This language was not tested as it stands: zh_Hans." in counts
    assert "kk: 2 messages" in await run("test", "1", by=editor), "in both of its scripts"
    assert TEXTS["uz"].body in [each.text for each in tester.received]
    assert "state: awaiting" in await run("request-approval", "1", by=editor)
    code, output = await terminal.kosh("start", "1", "--officer", lead)
    assert (code, output) == (1, "E_BROADCAST: Not enough people have agreed yet.\n")
    code, output = await terminal.kosh("approve", "1", "--officer", approver, typed="n\n")
    assert code == 1
    assert "It goes to 3 people." in output
    assert "سىناق" in output, "every script is shown before the question"
    assert "state: awaiting" in await run("approve", "1", by=approver, typed="y\n")
    stack.telegram.fail(Cut(delivered=True), method="sendMessage")
    assert "state: running" in await run("start", "1", by=lead)

    async def all_received() -> bool:
        return sum(len(each.received) for each in phones) == 3

    await stack.until(all_received, 60)
    assert f"news     {TOPIC}" in await run("list", by=editor)
    recipients = await run("recipients", "1", "--status", "in_doubt", by=editor)
    number = recipients.split()[0]
    assert f"{number} telegram ru in_doubt unreachable" in recipients
    assert "1 decided" in await run("resolve", "1", "leave", "--recipient", number, by=lead)
    progress_text = await run("progress", "1", by=editor)
    assert "2 accepted" in progress_text
    assert "1 failed: unknown" in progress_text
    assert "3 in all" in progress_text

    async def progress() -> dict[str, Any]:
        return dict(json.loads(await run("progress", "1", "--json", by=editor)))

    async def is_done() -> bool:
        return str((await progress())["state"]) == "done"

    await stack.until(is_done, 60)
    document = await progress()
    assert document["total"] == 3
    assert document["recipients"]["accepted"] == 2
    assert {"state": "failed", "reason": "unknown", "count": 1} in document["reasons"]
    output = await run("retry", "1", by=lead)
    assert output.startswith("0 are tried again"), "an officer decided not to"
    assert "state: done" in output


@pytest.mark.release
async def test_broadcast_command_pauses_resumes_and_cancels_a_broadcast(terminal: Terminal) -> None:
    stack = terminal.stack
    officers = await create_officers(stack.rt)
    await create_subscribers(stack.rt, 1, languages=("ru",))
    async with stack.rt.pool.connection() as session:
        await pausing.pause_channel(session, "telegram", 3600, "throttled")
    await start(stack.rt, officers, new_draft())
    editor, lead = officers.editor.name, officers.lead.name
    for verb, by, expected in (
        ("pause", editor, "state: paused"),
        ("resume", lead, "state: running"),
        ("cancel", editor, "state: cancelled"),
    ):
        code, output = await terminal.kosh(verb, "1", "--officer", by)
        assert (code, expected in output) == (0, True), output
    _code, output = await terminal.kosh("progress", "1", "--officer", editor)
    assert "telegram waits until" in output


WRONG: tuple[tuple[str | bytes, str], ...] = (
    (PAPER.replace(TOPIC, "weather"), "E_BROADCAST: Choose a topic."),
    (PAPER.replace('["ru", "kk"]', '["tlh"]'), "This audience can't be chosen: languages."),
    (PAPER.replace("languages =", "langauges ="), "The announcement can't be read: langauges."),
    (PAPER.replace('purpose = "news"', "purpose = 5"), "The announcement can't be read: purpose."),
    (PAPER.replace("quiet = []", 'quiet = ["21:00:00"]'), "The announcement can't be read: quiet."),
    (PAPER.replace("kk = ", "kk_Arab = "), "The announcement can't be read: texts."),
    ("purpose = ", "The announcement can't be read: syntax."),
    (b"\xff\xfe", "The announcement can't be read: syntax."),
)


async def test_broadcast_command_rejects_an_invalid_file_and_names_the_field(
    terminal: Terminal,
) -> None:
    editor = (await create_officer(terminal.stack.rt, Role.EDITOR)).name
    for paper, expected in WRONG:
        code, output = await terminal.kosh("draft", terminal.paper(paper), "--officer", editor)
        assert (code, expected in output) == (1, True), output
    code, output = await terminal.kosh("list", "--officer", editor)
    assert (code, output) == (0, ""), "nothing of it was kept"


@pytest.mark.release
async def test_broadcast_command_reports_errors_in_one_line(
    terminal: Terminal,
) -> None:
    editor = (await create_officer(terminal.stack.rt, Role.EDITOR)).name
    for words, status, expected in (
        (("start", "7", "--officer", editor), 1, "E_BROADCAST: there is no such announcement"),
        (("list", "--officer", "Nobody"), 1, "E_OFFICER"),
        (("resolve", "1", "perhaps", "--officer", editor), 2, "perhaps"),
        (("draft", "no-such-file.toml", "--officer", editor), 2, "does not exist"),
        (("list",), 2, "--officer"),
    ):
        code, output = await terminal.kosh(*words)
        assert (code, expected in output) == (status, True), output
    await terminal.kosh("draft", terminal.paper(PAPER), "--officer", editor)
    code, output = await terminal.kosh("start", "1", "--officer", editor)
    assert (code, output) == (
        1,
        f"E_FORBIDDEN: {editor} has no right to this; officers have roles\n",
    )
