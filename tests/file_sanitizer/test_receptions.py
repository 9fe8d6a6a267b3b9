"""Slow uploads of one sender or network address leave upload slots free for other people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.file_sanitizer import receptions
from bot.file_sanitizer.sanitizer import Clean, Refused, Sanitizer, Verdict
from flows.engine.upload_states import Refusal
from tests.sample_files import noise, photo, sent

pytestmark = pytest.mark.requirement("S-89")


@dataclass
class SanitizerSetup:
    """A sanitizer with a clock set by the test, and uploads that last until the test ends them."""

    file_sanitizer: Sanitizer
    clock: list[float]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    sending: list[asyncio.Task[Verdict]] = field(default_factory=list)

    async def _slow(self, file: bytes, begun: asyncio.Event) -> AsyncIterator[bytes]:
        yield file
        begun.set()
        await self.stop.wait()

    async def begin(self, count: int, *, file: bytes, one: bool = False, address: str = "") -> None:
        """Begin `count` endless uploads; wait until the uploads that get a slot have started.

        With `one`, one person sends all. With `address`, all come from this network address.
        """
        begun = [asyncio.Event() for _ in range(count)]
        for number, each in enumerate(begun):
            sender = "slow" if one else f"slow-{address}-{number}"
            slow = self._slow(file, each)
            clean = self.file_sanitizer.clean(
                slow, sender=sender, address=address or f"place-{number}"
            )
            self.sending.append(asyncio.create_task(clean))
        expected = 1 if one else min(count, receptions.MAX_PER_ADDRESS) if address else count
        await asyncio.gather(*(each.wait() for each in begun[:expected]))

    async def other(self) -> Verdict:
        """Upload a file as another person at another network address; return the verdict."""
        verdict = await self.file_sanitizer.clean(
            sent(photo()), sender="other", address="elsewhere"
        )
        if isinstance(verdict, Clean):
            verdict.contents.close()
        return verdict

    async def end(self) -> list[Verdict]:
        self.stop.set()
        return await asyncio.gather(*self.sending)


@asynccontextmanager
async def opened() -> AsyncIterator[SanitizerSetup]:
    clock = [0.0]
    async with Sanitizer(ahead=0, clock=lambda: clock[0]) as file_sanitizer:
        assert await file_sanitizer.prepare()
        desk = SanitizerSetup(file_sanitizer, clock)
        try:
            yield desk
        finally:
            for verdict in await desk.end():
                if isinstance(verdict, Clean):
                    verdict.contents.close()


@pytest.mark.requirement("S-19")
async def test_upload_slots_are_limited_per_sender() -> None:
    async with opened() as desk:
        await desk.begin(receptions.RECEPTIONS, file=photo()[:100], one=True)
        assert isinstance(await desk.other(), Clean)


@pytest.mark.requirement("S-19")
async def test_upload_slots_are_limited_per_network_address() -> None:
    async with opened() as desk:
        await desk.begin(receptions.RECEPTIONS, file=photo()[:100], address="office")
        assert isinstance(await desk.other(), Clean)


@pytest.mark.requirement("S-19")
async def test_upload_that_is_slowest_is_aborted_when_all_slots_are_taken() -> None:
    async with opened() as desk:
        await desk.begin(receptions.RECEPTIONS - 1, file=photo()[:100])
        await desk.begin(1, file=photo()[:50], address="slowest")
        desk.clock[0] += receptions.MIN_AGE_SECONDS
        assert isinstance(await desk.other(), Clean)
        *_others, slowest = await desk.end()
        assert slowest == Refused(Refusal.INTERRUPTED, 50)
        reasons = [each.reason for each in _others if isinstance(each, Refused)]
        assert Refusal.INTERRUPTED not in reasons


@pytest.mark.parametrize("fast", [True, False])
async def test_upload_that_is_new_or_fast_is_never_aborted(fast: bool) -> None:
    file = noise(70, 50, 100_000) if fast else photo()[:100]
    async with opened() as desk:
        await desk.begin(receptions.RECEPTIONS, file=file)
        desk.clock[0] += receptions.MIN_AGE_SECONDS if fast else 0
        waiting = asyncio.create_task(desk.other())
        for _round in range(100):
            await asyncio.sleep(0)
        assert not waiting.done()
        verdicts = await desk.end()
        assert isinstance(await waiting, Clean)
        assert not [
            each
            for each in verdicts
            if isinstance(each, Refused) and each.reason is Refusal.INTERRUPTED
        ]
