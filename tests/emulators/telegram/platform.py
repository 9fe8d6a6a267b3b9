"""The emulated state that the Bot API's methods read and change, and the type of a method."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .limits import Gate
from .webhook import Courier
from .wire import Params
from .world import World


@dataclass(slots=True)
class Platform:
    """Emulated Telegram for one bot: its state, its rate limiter and its webhook delivery."""

    world: World
    gate: Gate
    courier: Courier


Method = Callable[[Platform, Params], Awaitable[object]]
