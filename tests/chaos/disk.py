"""A small file system for the database, which can be filled without harm to the machine."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = "2g"


@contextmanager
def limited(place: Path, size: str = SIZE) -> Iterator[bool]:
    """Mount a file system from an image file at `place`; yield False if that needs root rights.

    If it yields False, the fault of a full disk is skipped.
    """
    place.mkdir(parents=True, exist_ok=True)
    image = place.with_suffix(".image")
    if (
        os.geteuid() != 0
        or not _made(image, size)
        or not _ran("mount", "-o", "loop", str(image), str(place))
    ):
        yield False
        return
    try:
        place.chmod(0o700)
        yield True
    finally:
        _ran("umount", "--lazy", str(place))
        image.unlink()


def _made(image: Path, size: str) -> bool:
    return _ran("truncate", "-s", size, str(image)) and _ran(
        "mkfs.ext4", "-q", "-m", "0", str(image)
    )


def _ran(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
