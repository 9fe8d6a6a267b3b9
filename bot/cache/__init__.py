"""Transient state in Valkey: anonymous sessions, rate limits, pub/sub, web chat replies.

If Valkey loses its data, anonymous people lose their place in the menu, and nothing else is lost.
Names of keys, buckets and topics must not identify a person, and callers encrypt the values.

`client` is the only client; it runs `scripts` and receives notifications through `pubsub`.
`connections` finds the server, also by sentinels. While Valkey is down, each process applies rate
limits on its own (`local_buckets`).
"""

from bot.cache.client import Busy, Cache, CacheUnavailable, LockAcquired
from bot.cache.connections import connection_pool
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
    "connection_pool",
]
