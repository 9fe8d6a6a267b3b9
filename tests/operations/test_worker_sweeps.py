"""The worker runs each rare sweep (a periodic task with a long interval).

The worker in `tests.app_stack` leaves these sweeps out.
"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import notifications
from bot.desk import form_funnel
from bot.editorial import referrers
from bot.operations import health, key_rotation
from bot.privacy import retention
from bot.runtime import Runtime
from bot.worker import main
from tests.app_stack import MAX_INTERVAL

RARE: tuple[tuple[Any, str], ...] = (
    (referrers, "release"),
    (retention, "retain"),
    (main, "forget_failed_jobs"),
    (notifications, "find_ending"),
    (form_funnel, "count_steps"),
    (key_rotation, "rotate_monthly"),
    (health.AuditWatch, "verify"),
)


def _watch(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> asyncio.Event:
    """Return an event that is set after a call of the function `name` of `owner` has returned."""
    run, finished = getattr(owner, name), asyncio.Event()

    async def watched(*args: Any) -> None:
        await run(*args)
        finished.set()

    monkeypatch.setattr(owner, name, watched)
    return finished


async def test_worker_runs_every_infrequent_sweep_at_its_start(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rt.settings.__dict__, "rotate_keys_monthly", True)
    finished = [_watch(monkeypatch, *each) for each in RARE]
    intervals, every = list[float](), main._every

    async def recorded(seconds: float, act: Any) -> None:
        intervals.append(seconds)
        await every(seconds, act)

    monkeypatch.setattr(main, "_every", recorded)
    working = asyncio.create_task(main.work(rt))
    async with asyncio.timeout(60):
        await asyncio.gather(*(each.wait() for each in finished))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert sum(each > MAX_INTERVAL for each in intervals) == len(RARE), "each is watched here"


async def test_worker_warns_when_it_cannot_rotate_keys_monthly(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rt.settings.__dict__, "rotate_keys_monthly", True)
    with capture_logs() as logged:
        await main._rotate_keys_monthly(replace(rt, console=None))
    assert [each["event"] for each in logged] == ["keys.not_rotated"]
