"""`provenance`: describes how a wheel was built, as an in-toto statement with SLSA provenance."""

import hashlib
import json
import platform
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.environment import ROOT
from bot.cli.supply_chain import NAME, git, source_time

app = typer.Typer()

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
PROJECT = f"https://pypi.org/project/{NAME}/"
# Names what the fields below mean; change the number when they change.
BUILD_TYPE = f"{PROJECT}#uv-build-wheel-v1"
LOCAL_BUILDER = f"{PROJECT}#local-builder"
COMMAND = ("uv", "build", "--wheel", "--build-constraints", "tools/build.txt", "--require-hashes")
# Files that decide which tools and packages a build uses.
LOCKS = ("uv.lock", "tools/build.txt", "tools/uv.txt")


class ProvenanceError(Exception):
    """Signals a wheel or a source about which a statement would be wrong."""


@dataclass(frozen=True)
class Source:
    """The source from which a wheel is built: its commit, time, and digests of its lock files."""

    commit: str
    time: datetime
    locks: dict[str, str]


@app.command()
def provenance(
    wheel: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The built wheel.")],
    builder: Annotated[str, typer.Option(help="URI of the system that built it.")] = LOCAL_BUILDER,
    to: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it to this file.")] = None,
) -> None:
    """Print where a wheel comes from: an unsigned in-toto statement with SLSA provenance 1."""
    try:
        described = statement(wheel, read_source(ROOT), builder)
    except ProvenanceError as error:
        typer.echo(f"E_PROVENANCE: {error}", err=True)
        raise typer.Exit(1) from None
    written = json.dumps(described, indent=1) + "\n"
    if to is None:
        typer.echo(written, nl=False)
    else:
        to.write_text(written, "utf-8")


def read_source(folder: Path) -> Source:
    """Return the commit of a checkout.

    Raises ProvenanceError if the folder has no commit, or if a tracked file differs from it.
    """
    commit, time = git("rev-parse", "HEAD", folder=folder), source_time(folder)
    if not commit or time is None:
        raise ProvenanceError("the source has no git commit; build from a checkout")
    if changed := git("status", "--porcelain", "--untracked-files=no", folder=folder):
        raise ProvenanceError(f"files differ from the commit; commit or restore them:\n{changed}")
    return Source(commit, time, {name: _sha256(folder / name) for name in LOCKS})


def statement(wheel: Path, source: Source, builder: str = LOCAL_BUILDER) -> dict[str, Any]:
    """Return the statement about a wheel; the same wheel and commit give the same statement.

    Raises ProvenanceError if the version in the wheel's name has another commit.
    """
    _name, version, *_tags = wheel.name.split("-")
    local = version.partition("+g")[2]
    if not source.commit.startswith(local):
        raise ProvenanceError(f"{wheel.name} is not of commit {source.commit[:12]}; build it again")
    return {
        "_type": STATEMENT,
        "subject": [{"name": wheel.name, "digest": {"sha256": _sha256(wheel)}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"commit": source.commit, "command": list(COMMAND)},
                "internalParameters": {"SOURCE_DATE_EPOCH": int(source.time.timestamp())},
                "resolvedDependencies": [
                    {"name": "source", "digest": {"gitCommit": source.commit}},
                    *(
                        {"name": name, "digest": {"sha256": digest}}
                        for name, digest in source.locks.items()
                    ),
                ],
            },
            "runDetails": {
                "builder": {"id": builder, "version": _tools()},
                "metadata": {"invocationId": f"{source.commit}/{wheel.name}"},
            },
        },
    }


def _tools() -> dict[str, str]:
    """Return the versions of the tools on this machine."""
    found = subprocess.run(["uv", "--version"], capture_output=True, check=True, encoding="utf-8")
    return {"uv": found.stdout.split()[1], "python": platform.python_version()}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
