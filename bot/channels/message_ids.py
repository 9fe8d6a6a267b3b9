"""Ids of messages at the platform: those of an event, and those that may be stored."""

from bot.channels import Channel, Inbound


def of_event(inbound: Inbound) -> tuple[str, ...]:
    """Return the ids of all messages that the event consists of."""
    return (*inbound.earlier, inbound.message_id)


def stored_id(channel: Channel, external_id: str) -> str | None:
    """Return the message id to store; None if the channel can neither edit nor delete.

    WhatsApp's message ids contain the recipient's phone number in readable form.
    """
    return external_id if channel.edits or channel.deletes else None
