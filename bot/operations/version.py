"""Version and commit of this build."""

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version


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
