"""The platform's state that methods of the Bot API act on, and the type of these methods."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .limits import Gate
from .webhook import Courier
from .wire import Params
from .world import World


@dataclass(slots=True)
class Platform:
    """The platform with its state for one bot."""

    world: World
    gate: Gate
    courier: Courier


Method = Callable[[Platform, Params], Awaitable[object]]
