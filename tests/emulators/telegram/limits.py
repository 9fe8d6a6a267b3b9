"""Telegram's rate limits: per second 1 message in a chat and 30 in total, 20/min in a group."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .wire import too_many

COUNTED = {"sendMessage", "sendDocument", "editMessageText", "editMessageReplyMarkup"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Rate limits: each `_rate` in messages per second, each `_burst` in messages.

    `webhook_changes` is in calls of setWebhook per second. Telegram publishes no exact figures;
    these are cautious readings of its FAQ.
    """

    chat_rate: float = 1.0
    chat_burst: int = 5
    group_rate: float = 20 / 60
    group_burst: int = 20
    bot_rate: float = 30.0
    bot_burst: int = 30
    webhook_changes: float = 1.0


class Bucket:
    """A token bucket that gets `rate` tokens a second and holds at most `burst`."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.tokens = float(burst)
        self.at = now

    def wait(self, now: float) -> float:
        """Return the seconds until a token is available."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (1 - self.tokens) / self.rate)


class RateLimiter:
    """Rate limiter of the bot's calls: raises Refusal 429 for a call above the limits."""

    def __init__(self, limits: Limits | None, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._clock = clock
        self._webhook = Bucket(limits.webhook_changes, 1, clock()) if limits else None
        self._bot = Bucket(limits.bot_rate, limits.bot_burst, clock()) if limits else None
        self._chats: dict[int, Bucket] = {}

    def message(self, method: str, chat_id: int) -> None:
        """Count a message or an edit against the limits of its chat and of the bot.

        Calls of methods that are not in COUNTED are not limited.
        """
        if self.limits is None or self._bot is None or method not in COUNTED:
            return
        self._take(self._bot, self._chat(chat_id, self.limits))

    def webhook(self) -> None:
        """Count a call of setWebhook against its limit."""
        if self._webhook is not None:
            self._take(self._webhook)

    def _chat(self, chat_id: int, limits: Limits) -> Bucket:
        if chat_id not in self._chats:
            group = chat_id < 0
            rate = limits.group_rate if group else limits.chat_rate
            burst = limits.group_burst if group else limits.chat_burst
            self._chats[chat_id] = Bucket(rate, burst, self._clock())
        return self._chats[chat_id]

    def _take(self, *buckets: Bucket) -> None:
        now = self._clock()
        if wait := max(bucket.wait(now) for bucket in buckets):
            raise too_many(max(1, math.ceil(wait)))
        for bucket in buckets:
            bucket.tokens -= 1
