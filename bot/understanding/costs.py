"""Measures the recognizer's costs on this machine: file size, memory, and times."""

import tracemalloc
from collections.abc import Callable, Sequence
from time import thread_time

from bot.understanding.model import FILE, Model
from bot.understanding.phrases import Phrase
from bot.understanding.recognizer import Recognizer

EVERY = 60
MAX_LENGTH = 4000
# Texts that are slow to normalize or hash. Each is repeated up to MAX_LENGTH characters.
LONG = ("сөз ", "قازاقستان ", "我想去哈萨克斯坦", "aA1'", "a,b.c!d? ", "e\u0301", "ф")
TRIES = 3


def report(written: Sequence[Phrase]) -> str:
    """Return the costs as lines of text; times are processor times of this thread."""
    tracemalloc.start()
    model = Model.load()
    memory, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    load = _seconds(Model.load)
    recognizer = Recognizer(model)
    spent = sorted(_seconds(recognizer.recognize, each.text) for each in written[::EVERY])
    slowest = max(_seconds(recognizer.recognize, _repeat(each)) for each in LONG)
    return "\n".join(
        (
            f"file {FILE.stat().st_size / 1e6:.1f} MB, memory {memory / 1e6:.1f} MB,"
            f" load {load:.2f} s",
            f"a text {1000 * spent[len(spent) // 2]:.2f} ms in the middle,"
            f" {1000 * spent[len(spent) * 95 // 100]:.2f} ms at the 95th percentile",
            f"{MAX_LENGTH} characters {1000 * slowest:.1f} ms at most",
        )
    )


def _seconds[**P](run: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    """Return the processor time in seconds of the fastest of TRIES calls.

    The fastest call is used, because other programs on the machine slow some calls down.
    """
    tries = []
    for _try in range(TRIES):
        started = thread_time()
        run(*args, **kwargs)
        tries.append(thread_time() - started)
    return min(tries)


def _repeat(text: str) -> str:
    return text * (MAX_LENGTH // len(text))
