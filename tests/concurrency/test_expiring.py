"""A dictionary whose values expire after a number of seconds."""

from bot.concurrency.expiring import Expiring
from tests.timers import Clock


def test_expiring_value_is_removed_after_its_lifetime() -> None:
    clock = Clock()
    values = Expiring[str](clock)
    values.put("a", "first", 1)
    clock.advance(0.9)
    assert values.get("a") == "first"
    clock.advance(0.1)
    assert values.get("a") is None
    assert len(values) == 0


def test_expiring_value_written_again_gets_a_new_lifetime() -> None:
    clock = Clock()
    values = Expiring[str](clock)
    values.put("a", "first", 1)
    clock.advance(0.9)
    values.put("a", "second", 1)
    clock.advance(0.9)
    assert values.get("a") == "second"
    clock.advance(0.1)
    assert len(values) == 0
    assert clock.timers == []
