"""Webhooks to external systems, by the Standard Webhooks specification.

Triggers of the database queue an event in the transaction of the change. The worker delivers it at
least once (`delivery`). Events contain ids and states only; the system reads the resource with its
token. `endpoints` registers the addresses, `dead_letters` lists what could not be delivered.
"""

from bot.outgoing_webhooks.delivery import Dispatcher, dispatcher

__all__ = ["Dispatcher", "dispatcher"]
