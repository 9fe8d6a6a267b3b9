"""The emulated state that the Bot API's methods read and change, and the type of a method."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .limits import RateLimiter
from .platform_state import PlatformState
from .webhook import WebhookSender
from .wire import Params


@dataclass(slots=True)
class Platform:
    """Emulated Telegram for one bot: its state, its rate limiter and its webhook delivery."""

    world: PlatformState
    gate: RateLimiter
    courier: WebhookSender


Method = Callable[[Platform, Params], Awaitable[object]]
