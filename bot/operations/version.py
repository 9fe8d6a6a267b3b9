"""Version and commit of this build, and the git commit of a source folder."""

import os
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@cache
def built() -> tuple[str, str]:
    """Return the version and the commit of this build; "0" and "" if they are unknown."""
    try:
        name = version("kosh-assistant")
    except PackageNotFoundError:
        name = os.environ.get("KOSH_VERSION") or "0"
    public, _plus, local = name.partition("+")
    commit = os.environ.get("KOSH_COMMIT", "") or local.removeprefix("g").partition(".")[0]
    return public, commit[:12]


def source_time(folder: Path) -> datetime | None:
    """Return SOURCE_DATE_EPOCH, or the time of the commit; None for a source without git."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct", folder=folder)
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def git(*words: str, folder: Path) -> str:
    """Return the output of a git command; "" if git or the repository is missing."""
    try:
        result = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, check=True, encoding="utf-8"
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return result.stdout.strip()
