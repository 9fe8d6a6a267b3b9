"""Webhooks to external systems, by the Standard Webhooks specification.

Triggers of the database queue an event in the transaction of the change. The worker delivers the
event at least once (`delivery`). Events contain ids and states only; the external system reads the
changed resource with its API token. `endpoints` registers the URLs, `dead_letters` lists
undelivered events.
"""

from bot.outgoing_webhooks.delivery import Dispatcher, dispatcher

__all__ = ["Dispatcher", "dispatcher"]
