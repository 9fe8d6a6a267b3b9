"""Values that leave after their seconds."""

from bot.concurrency.expiring import Expiring
from tests.timers import Clock


def test_value_expires_after_its_seconds() -> None:
    clock = Clock()
    kept = Expiring[str](clock)
    kept.put("a", "first", 1)
    clock.advance(0.9)
    assert kept.get("a") == "first"
    clock.advance(0.1)
    assert kept.get("a") is None
    assert len(kept) == 0


def test_value_put_again_has_new_seconds() -> None:
    clock = Clock()
    kept = Expiring[str](clock)
    kept.put("a", "first", 1)
    clock.advance(0.9)
    kept.put("a", "second", 1)
    clock.advance(0.9)
    assert kept.get("a") == "second"
    clock.advance(0.1)
    assert len(kept) == 0
    assert clock.timers == []
