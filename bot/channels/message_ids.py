"""Platform ids of messages: all ids of one incoming event, and the ids that may be stored."""

from bot.channels import Channel, Inbound


def of_event(inbound: Inbound) -> tuple[str, ...]:
    """Return the platform's ids of all messages that were merged into the event."""
    return (*inbound.earlier, inbound.message_id)


def stored_id(channel: Channel, external_id: str) -> str | None:
    """Return the message id to store; None if the channel can neither edit nor delete.

    An unneeded id is not stored, because WhatsApp's ids contain the recipient's phone number.
    """
    return external_id if channel.edits or channel.deletes else None
