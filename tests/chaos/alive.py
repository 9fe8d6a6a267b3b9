"""Start a Kosh program of any release, and report when it works.

Called by its path, it runs the program of the release in PYTHONPATH, otherwise unchanged. So it may
import nothing of the tests.
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
    """Create a file as soon as the program listens, or has swept once."""
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
