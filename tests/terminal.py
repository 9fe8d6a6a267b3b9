"""Run `./kosh` commands as typed, each in a process forked from one that has imported everything.

The imports take two seconds, a command much less. A few tests start `python -m bot` instead.
"""

import atexit
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import pytest

from bot.cli import assembled, main
from bot.i18n import NAMES, Languages

ROOT = Path(__file__).parents[1]
PROGRAMS: Mapping[str, Callable[[], int | None]] = {"kosh": main, "pytest": pytest.main}


class Shell:
    """A process that has imported every command and forks for each command line.

    It reads the catalogues of `languages` at its start.
    """

    def __init__(self, root: Path, *languages: str) -> None:
        self._one_at_a_time = Lock()
        self._ready = subprocess.Popen(
            [sys.executable, "-m", "tests.terminal", *languages], cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def types(
        self,
        *words: str,
        environment: Mapping[str, str],
        typed: str = "",
        program: str = "kosh",
        module: str = "bot",
    ) -> tuple[int, str]:
        """Run `./kosh words…` or `pytest words…` with `typed` as its input.

        Return exit code and output. `module` is a module that the command needs; it is imported
        once, before the fork.
        """
        with self._one_at_a_time, TemporaryDirectory(prefix="kosh-typed-") as folder:
            Path(folder, "typed").write_text(typed, "utf-8")
            line = {
                "program": program, "words": words, "environment": dict(environment),
                "folder": folder, "module": module,
            }  # fmt: skip
            assert self._ready.stdin
            assert self._ready.stdout
            print(json.dumps(line), file=self._ready.stdin, flush=True)
            code = int(self._ready.stdout.readline())
            return code, Path(folder, "said").read_text("utf-8")

    def close(self) -> None:
        """Close the process's input, which ends the process, and wait for its end."""
        with self._ready:
            pass


@cache
def shell() -> Shell:
    """Return the shell that all tests of this process share; it ends with this process."""
    made = Shell(ROOT, *NAMES)
    atexit.register(made.close)
    return made


def _serve() -> None:
    """Read command lines from the input; fork for each, and run the command in the child."""
    assembled()
    Languages(tuple(sys.argv[1:]))
    gc.freeze()
    for line in sys.stdin:
        command = json.loads(line)
        import_module(command["module"])
        child = os.fork()
        if not child:
            _become(
                [command["program"], *command["words"]],
                command["environment"],
                Path(command["folder"]),
            )
            sys.exit(PROGRAMS[command["program"]]())
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(words: list[str], environment: dict[str, str], folder: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    for number, name, flags in (
        (0, "typed", os.O_RDONLY),
        (1, "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, "said", os.O_WRONLY | os.O_APPEND),
    ):
        os.dup2(os.open(folder / name, flags, 0o600), number)


if __name__ == "__main__":
    _serve()
