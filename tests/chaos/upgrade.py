"""Upgrade from an older release while people write, with the steps of docs/how-to/upgrade.md.

The older release is a commit of this repository. The older release runs from its own folder with
the installed packages, and nothing is downloaded. It creates the database and begins conversations,
which this release finishes.
"""

import asyncio
import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import psycopg

from bot.config.sources import ConfigError
from bot.db.migrations import baseline
from tests.chaos import people
from tests.chaos.faults import FaultContext, fault_kind
from tests.chaos.platform import Arrival, Entry
from tests.chaos.processes import (
    KOSH_PROCESSES,
    LOAD_BALANCER,
    ROOT,
    SERVICES,
    WEBS,
    Fault,
    Processes,
    migrated,
)

KIND = "F25"
VERSIONS = "bot/db/migrations/versions"
LAST_FORMER = f"{baseline.FORMER}_standing.py"
ASKED = """
import json
from tests.chaos.people import ANSWERS, QUESTIONS
print(json.dumps([QUESTIONS, ANSWERS]))
"""


def before() -> str:
    """Return the newest commit with fewer migrations from which `migrate` can upgrade.

    Either all migrations of the commit exist unchanged today, or the commit has revision 0013.
    """
    today = _migrations("HEAD")
    for commit in _git("rev-list", "HEAD").decode().split():
        old_migrations = _migrations(commit)
        if old_migrations and (
            old_migrations.items() < today.items() or f"{VERSIONS}/{LAST_FORMER}" in old_migrations
        ):
            return commit
    raise ConfigError("no commit here has fewer migrations; fetch the whole history, or --from")


def _migrations(commit: str) -> Mapping[str, str]:
    """Return the git hash of each migration file at a commit, by path."""
    lines = _git("ls-tree", "-r", commit, f"{VERSIONS}/").decode().splitlines()
    return {path: kind.split()[2] for kind, _tab, path in (each.partition("\t") for each in lines)}


def _git(*words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise ConfigError(f"git {words[0]}: {done.stderr.decode().strip()}")
    return done.stdout


def checkout(commit: str, folder: Path) -> Path:
    """Extract the commit's files into a folder; teach simulated people the commit's questions."""
    tree = folder / "former"
    with tarfile.open(fileobj=BytesIO(_git("archive", commit))) as archive:
        archive.extractall(tree, filter="data")
    command = [sys.executable, "-c", ASKED]
    people.learn(*json.loads(subprocess.run(command, cwd=tree, stdout=-1, check=True).stdout))
    return tree


@fault_kind(KIND, "an upgrade from an older release: its schema, then process after process", 0)
async def upgrade(context: FaultContext) -> None:
    """Upgrade with the steps of docs/how-to/upgrade.md.

    A schema before the baseline migration can only be upgraded while all processes are stopped.
    """
    async with context.recorded(KIND, "upgrade", doubts=0):
        if await asyncio.to_thread(_is_former, context.processes.owner):
            return await _stopped(context)
        assert await asyncio.to_thread(migrated, context.processes.owner)
        await context.hold()
        for name in KOSH_PROCESSES:
            context.processes.children[name].tree = None
            await asyncio.to_thread(context.processes.restart, name)
            await context.until_up(name)
            await context.hold()


async def _stopped(context: FaultContext) -> None:
    """Stop all processes, migrate, and start this release."""
    children = [context.processes.children[name] for name in KOSH_PROCESSES]
    for child in children:
        await asyncio.to_thread(child.end)
    assert await asyncio.to_thread(migrated, context.processes.owner)
    for child in children:
        child.tree = None
        child.start()
    for name in KOSH_PROCESSES:
        await context.until_up(name)
    await context.hold()


def _is_former(owner: str) -> bool:
    """Return True if the database is at revision 0013, whose tables have other names."""
    with psycopg.connect(owner) as session:
        row = session.execute("SELECT version_num FROM alembic_version").fetchone()
    return row == (baseline.FORMER,)


def failed(owner: str) -> int:
    """Count updates whose turn failed.

    The platform repeats these updates, so no other check detects the failures. A release that
    cannot work with the next release's schema loses nothing, but people wait.
    """
    with psycopg.connect(owner) as session:
        row = session.execute(
            "SELECT count(*) FROM quarantined_updates WHERE reason = 'E_FAILED'"
        ).fetchone()
    return int(row[0]) if row else 0


def findings(entries: Sequence[Entry], faults: Sequence[Fault]) -> dict[str, int]:
    """Return the number of updates sent before, during and after the upgrade."""
    [done] = [each for each in faults if each.kind == KIND]
    sent = [each.at for each in entries if isinstance(each, Arrival)]
    before, until_done = sum(at < done.at for at in sent), sum(at <= done.until for at in sent)
    return {
        "upgrade_seconds": round(done.until - done.at),
        "sent_before_upgrade": before,
        "sent_during_upgrade": until_done - before,
        "sent_after_upgrade": len(sent) - until_done,
    }


def shares(processes: Processes) -> list[str]:
    """Return a table of the bytes to each service: each process's share in percent."""
    carried = processes.proxy.carried()
    requests = {
        name: carried[LOAD_BALANCER].get(str(port), 0)
        for name, port in zip(WEBS, processes.ports, strict=True)
    }
    kinds = {"requests": requests} | {
        service: {name: sum(carried[f"{name}>{service}"].values()) for name in KOSH_PROCESSES}
        for service in SERVICES
    }
    lines = [f"{'share of bytes, %':18}" + "".join(f"{name:>10}" for name in KOSH_PROCESSES)]
    for kind, by in kinds.items():
        whole = sum(by.values()) or 1
        lines.append(
            f"{kind:18}"
            + "".join(f"{100 * by.get(name, 0) / whole:>10.0f}" for name in KOSH_PROCESSES)
        )
    return lines
