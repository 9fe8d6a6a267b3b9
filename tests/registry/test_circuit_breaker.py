"""The circuit breaker stops calls to a failing registry, and later permits a single trial call."""

import asyncio

import pytest

from bot.registry.circuit_breaker import Breaker
from bot.registry.errors import InProgress, Misconfigured, Refused, RegistryError, Unavailable

DOWN = Unavailable("E_REGISTRY_DOWN", "down")
REFUSED = Refused("E_REGISTRY_REFUSED", "refused", problem="refused")


class Clock:
    """A clock that the test advances."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(limit=3, rest=30.0, clock=clock)


def fail(breaker: Breaker, error: BaseException, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(error)), breaker.guard():
            raise error


def is_open(breaker: Breaker) -> bool:
    try:
        with breaker.guard():
            return False
    except Unavailable as error:
        return error.code == "E_REGISTRY_CIRCUIT_OPEN"


def test_circuit_breaker_opens_after_consecutive_failures(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, DOWN, 3)
    clock.now += 29.9
    assert is_open(breaker)
    clock.now += 0.2
    assert not is_open(breaker)


def test_circuit_breaker_reports_retry_after(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, DOWN, 3)
    clock.now += 10
    with pytest.raises(Unavailable) as caught, breaker.guard():
        pass
    assert caught.value.retry_after == pytest.approx(20)


@pytest.mark.parametrize("error", [REFUSED, InProgress("E_REGISTRY_IN_PROGRESS", "working")])
def test_circuit_breaker_resets_its_count_when_the_registry_rejects_a_call(
    breaker: Breaker, error: RegistryError
) -> None:
    fail(breaker, DOWN, 2)
    fail(breaker, error)
    fail(breaker, DOWN, 2)
    assert not is_open(breaker)


def test_circuit_breaker_resets_its_count_on_success(breaker: Breaker) -> None:
    fail(breaker, DOWN, 2)
    with breaker.guard():
        pass
    fail(breaker, DOWN, 2)
    assert not is_open(breaker)


def test_circuit_breaker_counts_a_wrong_login_as_a_failure(breaker: Breaker) -> None:
    fail(breaker, Misconfigured("E_REGISTRY_LOGIN", "unknown"), 3)
    assert is_open(breaker)


def test_circuit_breaker_allows_one_trial_call_when_half_open(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, DOWN, 3)
    clock.now += 31
    with breaker.guard():
        assert is_open(breaker)
    assert not is_open(breaker)


def test_circuit_breaker_opens_again_when_the_trial_call_fails(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, DOWN, 3)
    clock.now += 31
    fail(breaker, DOWN)
    assert is_open(breaker)


def test_circuit_breaker_allows_another_trial_after_a_cancelled_trial_call(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, DOWN, 3)
    clock.now += 31
    fail(breaker, asyncio.CancelledError())
    assert not is_open(breaker)
