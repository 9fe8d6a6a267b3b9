"""Tests of `program`: a process dies at the given checkpoint, and works normally until then."""

import asyncio
import os

import pytest

from tests.chaos.program import Watched


class Killed(BaseException):
    """Raised in place of killing the test's own process."""


async def _work(done: list[str]) -> str:
    for step in ("read", "write"):
        await asyncio.sleep(0)
        done.append(step)
    return "answered"


async def _watched(dies_at: int) -> tuple[str, list[str]]:
    done: list[str] = []
    try:
        return await Watched(_work(done), dies_at, [0]), done
    except Killed:
        return "killed", done


@pytest.mark.parametrize(
    ("at", "answer", "done"),
    [
        (1, "killed", []),
        (2, "killed", []),
        (3, "killed", ["read"]),
        (4, "killed", ["read"]),
        (5, "answered", ["read", "write"]),
    ],
)
@pytest.mark.requirement("S-1", "S-8")
async def test_crash_point_kills_the_process_at_the_chosen_await(
    at: int, answer: str, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(os, "kill", die)
    assert await _watched(at) == (answer, done)


async def test_crash_point_wrapper_propagates_errors() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        await Watched(fails(), 0, [0])
