"""A sign of life of our program, of whichever release.

Called by its path, it is the program of the release that stands in PYTHONPATH, with nothing else
about it changed: so it may know nothing of the tests.
"""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

from bot.cli import main
from bot.worker import sweeps


def awake(mark: str) -> None:
    """Leaves a mark as soon as it works: it listens, or has swept once."""
    _marked(uvicorn.Server, "startup", Path(mark))
    _marked(sweeps, "sweep", Path(mark))


def _marked(place: Any, name: str, mark: Path) -> None:
    begins: Callable[..., Awaitable[Any]] = getattr(place, name)

    async def marking(*given: Any, **more: Any) -> Any:
        begun = await begins(*given, **more)
        mark.touch()
        return begun

    setattr(place, name, marking)


if __name__ == "__main__":
    awake(json.loads(os.environ["CHAOS"])["awake"])
    main()
