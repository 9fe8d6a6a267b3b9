"""Start a Kosh program of any release, and create a file when it works.

This module is run as a script, with the release in PYTHONPATH. Therefore it must not import other
modules of the tests, which that release may not have.
"""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

from bot.cli import main
from bot.worker import sweeps


def mark_ready(mark: str) -> None:
    """Make the program create the file `mark` once it listens or has finished its first sweep.

    A sweep is a worker's search for due work.
    """
    _mark_after(uvicorn.Server, "startup", Path(mark))
    _mark_after(sweeps, "sweep", Path(mark))


def _mark_after(place: Any, name: str, mark: Path) -> None:
    original: Callable[..., Awaitable[Any]] = getattr(place, name)

    async def marking(*args: Any, **kwargs: Any) -> Any:
        begun = await original(*args, **kwargs)
        mark.touch()
        return begun

    setattr(place, name, marking)


if __name__ == "__main__":
    mark_ready(json.loads(os.environ["CHAOS"])["mark_ready"])
    main()
