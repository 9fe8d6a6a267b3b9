"""Publishing processes are killed: no process ever serves part of a publication."""

import asyncio
import json
import os
import re
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from signal import SIGKILL

import pytest

from bot.config.settings import Settings
from bot.content import LiveContent
from bot.editorial import drafts
from bot.embedded import Databases
from bot.officers.directory import Officer
from bot.operations import backup
from bot.runtime import Runtime, runtime
from bot.security.key_files import Keys
from bot.security.vault import Vault
from flows.knowledge.facts import fact_texts
from tests.desk.desks import audited
from tests.editorial.editors import ITEM, approver, database_day, editor, publish
from tests.editorial.publisher import ENDED

# Number of publications before each kill.
KILLS = (1, 2, 1, 3, 1)
ROOT = Path(__file__).parents[2]


async def _load_content(rt: Runtime) -> LiveContent:
    """Return the content that a newly started process loads."""
    content = LiveContent(rt.languages)
    async with rt.pool.connection() as transaction:
        await content.load(transaction)
    return content


async def _numbers(rt: Runtime, content: LiveContent) -> set[str]:
    """Return the publication numbers in the fact's sentences, in every language and script."""
    lines = fact_texts([drafts.SHIPPED[ITEM]], content.on(await database_day(rt)))
    shown = (rt.languages.render(lines[0], code) for code, _own in rt.languages.languages())
    return {number for text in shown for number in re.findall(r"(?<!\d)2\d\d(?!\d)", text)}


@asynccontextmanager
async def _publishers(words: str) -> AsyncIterator[tuple[StreamWriter, StreamReader]]:
    """Yield standard input and output of the process that starts publishers."""
    command = (sys.executable, "-m", "tests.editorial.publisher", words)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdin, process.stdout
    finally:
        process.kill()
        await process.wait()


@pytest.mark.release
async def test_content_version_is_complete_when_its_publishing_process_is_killed(
    rt: Runtime, databases: Databases, redis_url: str, tmp_path: Path
) -> None:
    author, second = await editor(rt), await approver(rt)
    words = json.dumps({
        "databases": asdict(databases), "redis_url": redis_url, "folder": str(tmp_path),
        "author": str(author.id), "second": str(second.id),
    })  # fmt: skip
    async with _publishers(words) as (start, output):
        for publications in KILLS:
            start.write(b"\n")
            async with asyncio.timeout(120):
                publisher = int(await output.readline())
                for _each in range(publications):
                    last = int(await output.readline())
                    assert len(await _numbers(rt, await _load_content(rt))) == 1, (
                        "never half of one"
                    )
                os.kill(publisher, SIGKILL)
                while (line := (await output.readline()).decode().strip()) != ENDED:
                    last = int(line)
            await _check_served(rt, author, last)


async def _check_served(rt: Runtime, author: Officer, last: int) -> None:
    """Check that all processes serve the same complete version, whose number is `last` or later."""
    reloaded = await _load_content(rt)
    (number,) = await _numbers(rt, reloaded)
    assert int(number) >= last, "a publication that was reported is served"
    versions = await drafts.history(rt, author, ITEM)
    assert [each.state for each in versions].count("live") == 1
    published = [each for _a, each, _d in await audited(rt) if each == "content.published"]
    assert reloaded.snapshot.version == len(published), "each publication is audited"
    async with asyncio.timeout(60):
        while rt.content.snapshot.version != reloaded.snapshot.version:  # noqa: ASYNC110 — no signal
            await asyncio.sleep(0.05)
    assert await _numbers(rt, rt.content) == {number}, "every process serves the same"


@pytest.mark.usefixtures("closed_connections")
async def test_backup_restore_recovers_published_content(chosen: Settings, tmp_path: Path) -> None:
    async with runtime(chosen) as rt:
        author, second = await editor(rt), await approver(rt)
        published = await publish(rt, author, second)
        before = (await _load_content(rt)).snapshot.bodies
        copy = backup.back_up(chosen, rt.vault, tmp_path / "backups")
        await drafts.withdraw(rt, author, ITEM, published.number)
        assert (await _load_content(rt)).snapshot.bodies == {}
    backup.restore(chosen, Vault(Keys.load(chosen.key_dir)), copy)
    async with runtime(chosen) as rt:
        assert rt.content.snapshot.bodies == before
        assert [each.state for each in await drafts.history(rt, author, ITEM)] == ["live"]
