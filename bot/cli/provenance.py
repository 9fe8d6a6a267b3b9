"""`provenance`: describes how a wheel was built, as an in-toto statement with SLSA provenance."""

import hashlib
import json
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.environment import ROOT
from bot.cli.supply_chain import NAME
from bot.operations.version import git, source_time

app = typer.Typer()

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
PROJECT = f"https://pypi.org/project/{NAME}/"
# URI that defines the meaning of the statement's fields. Increment the version in the URI when the
# meaning of a field changes.
BUILD_TYPE = f"{PROJECT}#uv-build-wheel-v1"
LOCAL_BUILDER = f"{PROJECT}#local-builder"
COMMAND = ("uv", "build", "--wheel", "--build-constraints", "tools/build.txt", "--require-hashes")
# Files that decide which tools and packages a build uses.
LOCKS = ("uv.lock", "tools/build.txt", "tools/uv.txt")
# Paths that Hatchling packs into the wheel, and files that decide which paths are packed.
PACKED = (
    *("bot", "flows", "locales", "tools", "LICENSE", "README.md"),
    *(".gitignore", "hatch.toml", "pyproject.toml", "uv.lock"),
)
WHEEL = re.compile(rf"{NAME.replace('-', '_')}-([^-]+)-py3-none-any\.whl")


class ProvenanceError(Exception):
    """The wheel or the source does not match, so a statement about the wheel would be wrong."""


@dataclass(frozen=True)
class Source:
    """The source from which a wheel is built: commit and tags, time, and digests of lock files."""

    commit: str
    tags: tuple[str, ...]
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
    """Return the source of a wheel: the commit of a checkout, with tags, time and lock files.

    Raises ProvenanceError if the folder has no commit, or if a file that is packed into the wheel
    differs from the commit.
    """
    commit, time = git("rev-parse", "HEAD", folder=folder), source_time(folder)
    if not commit or time is None:
        raise ProvenanceError("the source has no git commit; build from a checkout")
    if changed := _changed_files(folder):
        raise ProvenanceError(f"files differ from the commit; commit or restore them:\n{changed}")
    tags = tuple(git("tag", "--points-at", commit, folder=folder).splitlines())
    return Source(commit, tags, time, {name: _sha256(folder / name) for name in LOCKS})


def _changed_files(folder: Path) -> str:
    """Return git's status lines of the wheel's files that differ from the commit or are untracked.

    `git()` is not used, since it returns "" for an error, which would here mean "no changes".
    """
    result = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all", "--", *PACKED],
        cwd=folder, capture_output=True, check=False, encoding="utf-8",
    )  # fmt: skip
    if result.returncode:
        raise ProvenanceError(f"git status failed:\n{result.stderr}")
    return result.stdout


def statement(wheel: Path, source: Source, builder: str = LOCAL_BUILDER) -> dict[str, Any]:
    """Return the provenance statement about a wheel.

    The same wheel, source, uv and Python give the same statement. The time and the command are not
    read from the wheel: they are the time of the source's commit and the command that a release
    uses.

    Raises ProvenanceError if the wheel's name does not match the commit, or if uv is missing.
    """
    _check_name(wheel.name, source)
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


def _check_name(wheel: str, source: Source) -> None:
    """Raise ProvenanceError unless the version in a wheel's name fits the commit or a tag."""
    named = WHEEL.fullmatch(wheel)
    if not named:
        raise ProvenanceError(f"{wheel} is not the name of a wheel of Kosh")
    version, commit = named[1], source.commit[:12]
    local = version.partition("+g")[2]
    if local and not source.commit.startswith(local):
        raise ProvenanceError(f"{wheel} is not of commit {commit}; build it again")
    if not local and f"v{version}" not in source.tags:
        raise ProvenanceError(
            f"commit {commit} has no tag v{version}; check out the tagged commit, or build it again"
        )


def _tools() -> dict[str, str]:
    """Return the versions of uv and Python on this machine.

    Raises ProvenanceError if uv is missing: the wheel must have been built with this machine's uv.
    """
    try:
        found = subprocess.run(
            ["uv", "--version"], capture_output=True, check=True, encoding="utf-8"
        )
    except FileNotFoundError:
        raise ProvenanceError("uv is not on the path; it must be the uv of the build") from None
    return {"uv": found.stdout.split()[1], "python": platform.python_version()}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
