"""Interfaces of Bot API methods and of the platform they act on."""

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
