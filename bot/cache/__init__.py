"""What may vanish, in Valkey: just-ask state, token buckets, wake-ups, replies to a web chat.

A flush at any moment costs people who just ask their place in the menu, and nobody anything else.
Names of keys, buckets and topics must not tell who somebody is, and blobs come in sealed.

Asked through the one `client`, which runs `scripts` and hears of `wakes`; while Valkey is away a
process counts for itself (`buckets`).
"""

from bot.cache.client import Busy, Cache, CacheUnavailable, LockAcquired
from bot.cache.local_buckets import Draw, LocalRateLimiter
from bot.cache.pubsub import MISSED, Notification, Subscription

__all__ = [
    "MISSED",
    "Busy",
    "Cache",
    "CacheUnavailable",
    "Draw",
    "LocalRateLimiter",
    "LockAcquired",
    "Notification",
    "Subscription",
]
