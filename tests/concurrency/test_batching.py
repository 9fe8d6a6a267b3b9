"""Batches of concurrent calls, and queues of calls that run one after another."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.concurrency.batching import Batcher, SerialQueue, WaitedTooLong
from tests.timers import Clock


class Table:
    """Test double that records each batch and blocks it until `open` is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()

    async def run(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        await self.open.wait()
        if 0 in items:
            raise ZeroDivisionError
        return [LookupError() if item < 0 else item * 2 for item in items]


async def _run_tasks() -> None:
    for _round in range(10):
        await asyncio.sleep(0)


async def test_batcher_runs_waiting_calls_in_batches_up_to_the_limit() -> None:
    table, batcher = Table(), Batcher(limit=3, concurrency=1, seconds=5)
    first = [asyncio.create_task(batcher(each, table.run)) for each in (1, 2)]
    await _run_tasks()
    second = [asyncio.create_task(batcher(each, table.run)) for each in (3, 4, 5, 6)]
    await _run_tasks()
    assert table.batches == [[1, 2]]
    table.open.set()
    assert await asyncio.gather(*first, *second) == [2, 4, 6, 8, 10, 12]
    assert table.batches == [[1, 2], [3, 4, 5], [6]]
    assert await batcher(7, table.run) == 14


async def test_batcher_includes_calls_of_the_next_event_loop_iterations() -> None:
    table, batcher = Table(), Batcher(limit=3, concurrency=2, seconds=5)
    table.open.set()

    async def after(rounds: int) -> int:
        for _round in range(rounds):
            await asyncio.sleep(0)
        return await batcher(rounds, table.run)

    assert await asyncio.gather(*(after(each) for each in (1, 3, 2))) == [2, 6, 4]
    assert table.batches == [[1, 2, 3]]


async def test_batcher_runs_batches_concurrently() -> None:
    table, batcher = Table(), Batcher(limit=3, concurrency=2, seconds=5)
    tasks = []
    for each in (1, 2, 3):
        tasks.append(asyncio.create_task(batcher(each, table.run)))
        await _run_tasks()
    assert table.batches == [[1], [2]]
    table.open.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6]


async def test_batcher_waits_for_the_interval_after_a_batch_of_several() -> None:
    clock, table = Clock(), Table()
    batcher = Batcher(limit=3, concurrency=2, seconds=5, interval=1, timers=clock)
    table.open.set()
    assert await asyncio.gather(*(batcher(each, table.run) for each in (1, 2))) == [2, 4]
    calls = [asyncio.create_task(batcher(3, table.run))]
    await _run_tasks()
    clock.advance(0.9)
    calls.append(asyncio.create_task(batcher(4, table.run)))
    await _run_tasks()
    assert table.batches == [[1, 2]]
    clock.advance(0.1)
    assert await asyncio.gather(*calls) == [6, 8]
    assert table.batches == [[1, 2], [3, 4]]
    assert not clock.timers


async def test_batcher_starts_a_full_batch_before_the_interval_ends() -> None:
    clock, table = Clock(), Table()
    batcher = Batcher(limit=2, concurrency=1, seconds=5, interval=1, timers=clock)
    table.open.set()
    await asyncio.gather(*(batcher(each, table.run) for each in (1, 2)))
    first = asyncio.create_task(batcher(3, table.run))
    await _run_tasks()
    assert table.batches == [[1, 2]]
    second = asyncio.create_task(batcher(4, table.run))
    assert (await first, await second) == (6, 8)
    assert table.batches == [[1, 2], [3, 4]]
    assert not clock.running


async def test_batcher_does_not_wait_for_the_interval_after_a_single_call() -> None:
    clock, table = Clock(), Table()
    batcher = Batcher(limit=3, concurrency=1, seconds=5, interval=1, timers=clock)
    table.open.set()
    for each in (1, 2, 3):
        assert await batcher(each, table.run) == each * 2
    assert table.batches == [[1], [2], [3]]


async def test_batcher_starts_a_second_batch_for_calls_beyond_the_limit() -> None:
    table, batcher = Table(), Batcher(limit=2, concurrency=2, seconds=5)
    calls = [asyncio.create_task(batcher(each, table.run)) for each in (1, 2, 3)]
    await _run_tasks()
    assert table.batches == [[1, 2], [3]]
    table.open.set()
    assert await asyncio.gather(*calls) == [2, 4, 6]


async def test_batcher_returns_results_while_another_batch_gathers_calls() -> None:
    clock, table = Clock(), Table()
    batcher = Batcher(limit=3, concurrency=2, seconds=5, interval=1, timers=clock)
    first = [asyncio.create_task(batcher(each, table.run)) for each in (1, 2)]
    await _run_tasks()
    last = asyncio.create_task(batcher(3, table.run))
    await _run_tasks()
    table.open.set()
    assert await asyncio.gather(*first) == [2, 4]
    await _run_tasks()
    assert len(clock.running) == 1
    clock.advance(1)
    assert await last == 6


async def test_batcher_raises_an_error_for_its_call_or_for_the_whole_batch() -> None:
    table, batcher = Table(), Batcher(limit=2, concurrency=1, seconds=5)
    table.open.set()
    own = await asyncio.gather(
        *(batcher(each, table.run) for each in (-1, 2)), return_exceptions=True
    )
    assert isinstance(own[0], LookupError)
    assert own[1] == 4
    all_of_them = await asyncio.gather(
        *(batcher(each, table.run) for each in (0, 1, 2, 3)), return_exceptions=True
    )
    assert all(isinstance(each, ZeroDivisionError) for each in all_of_them)
    assert await batcher(8, table.run) == 16


async def test_batcher_drops_a_cancelled_call_without_delaying_others() -> None:
    table, batcher = Table(), Batcher(limit=2, concurrency=1, seconds=5)
    one, other = (asyncio.create_task(batcher(each, table.run)) for each in (1, 2))
    await _run_tasks()
    waits, next_one = (asyncio.create_task(batcher(each, table.run)) for each in (3, 4))
    await _run_tasks()
    one.cancel()
    waits.cancel()
    await _run_tasks()
    table.open.set()
    assert (await other, await next_one) == (4, 8)
    assert one.cancelled()
    assert table.batches == [[1, 2], [4]]


async def test_batcher_call_times_out_while_waiting_for_a_batch() -> None:
    table, batcher = Table(), Batcher(limit=1, concurrency=1, seconds=0.05)
    first, second = (asyncio.create_task(batcher(each, table.run)) for each in (1, 2))
    await asyncio.wait([first, second], timeout=0.2)
    table.open.set()
    assert await first == 2
    with pytest.raises(WaitedTooLong):
        await second
    assert table.batches == [[1]]


async def test_serial_queue_keeps_the_order_per_key() -> None:
    lines, seen, first = SerialQueue(5), list[str](), asyncio.Event()

    async def work(name: str, gate: asyncio.Event | None = None) -> None:
        if gate:
            await gate.wait()
        seen.append(name)

    tasks = [
        asyncio.create_task(lines("a", lambda: work("a1", first))),
        asyncio.create_task(lines("a", lambda: work("a2"))),
        asyncio.create_task(lines("a", lambda: work("a3"))),
        asyncio.create_task(lines("b", lambda: work("b1"))),
    ]
    await _run_tasks()
    assert seen == ["b1"]
    first.set()
    await asyncio.gather(*tasks)
    assert seen == ["b1", "a1", "a2", "a3"]


async def test_serial_queue_times_out_and_keeps_the_order() -> None:
    lines, gate, done = SerialQueue(0.05), asyncio.Event(), list[str]()

    async def fails() -> None:
        await gate.wait()
        done.append("first")
        raise ZeroDivisionError

    async def works(name: str) -> None:
        done.append(name)

    first = asyncio.create_task(lines("a", fails))
    await _run_tasks()
    with pytest.raises(WaitedTooLong):
        await lines("a", lambda: works("second"))
    third = asyncio.create_task(lines("a", lambda: works("third")))
    await _run_tasks()
    interrupted = asyncio.create_task(lines("a", lambda: works("fourth")))
    await _run_tasks()
    interrupted.cancel()
    fifth = asyncio.create_task(lines("a", lambda: works("fifth")))
    await _run_tasks()
    gate.set()
    with pytest.raises(ZeroDivisionError):
        await first
    await asyncio.gather(third, fifth)
    assert done == ["first", "third", "fifth"]
