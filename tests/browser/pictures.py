"""Draw every picture of docs and the manual: `python -m tests.browser.pictures [--check] [PART]`.

`--check` draws into temporary folders and compares with the stored pictures; it exits with 1 if
they differ.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from tests.browser import (
    announcing,
    chat_pictures,
    console_pictures,
    language_pictures,
    manual_pictures,
)
from tests.browser.picture_files import MANUAL, PICTURES, faults

type Draw = Callable[[], Awaitable[None]]
PARTS: Mapping[str, Draw] = {
    "chat": chat_pictures.draw,
    "console": console_pictures.draw,
    "announcing": announcing.draw,
    "languages": language_pictures.draw,
    "manual": manual_pictures.draw,
}


async def draw(parts: list[str]) -> None:
    """Draw the named parts one after another, or all parts."""
    for name in parts or PARTS:
        await PARTS[name]()
        print(f"drawn: {name}", flush=True)


def main() -> int:
    """Draw or compare pictures according to the arguments.

    Return 1 if a comparison found faults.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.browser.pictures")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS])
    args = parser.parse_args()
    if not args.check:
        asyncio.run(draw(args.parts))
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="kosh-pictures-") as folder_name,
        tempfile.TemporaryDirectory(prefix="kosh-manual-") as manual,
    ):
        os.environ |= {"KOSH_PICTURES": folder_name, "KOSH_MANUAL_PICTURES": manual}
        asyncio.run(draw([]))
        found = [*faults(Path(folder_name), PICTURES), *faults(Path(manual), MANUAL)]
    print("\n".join(found) or "Every picture is as it is drawn now.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
