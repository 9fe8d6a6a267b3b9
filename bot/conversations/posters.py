"""Counts the chats that people begin with the QR code of a poster; stores only the channel."""

from bot.channels import Inbound
from bot.observability import metrics
from bot.runtime import Runtime
from flows.engine.events import Said, Started
from flows.engine.language_protocol import Reserved

# The start parameter in the links of the posters to print; no flow has this name.
POSTER = "poster"


def count(rt: Runtime, inbound: Inbound) -> None:
    """Count the update's channel if the update starts a chat by the QR code of a poster."""
    match inbound.event:
        case Started(word) if word == POSTER:
            metrics.POSTERS.labels(inbound.channel).inc()
        case Said(text) if POSTER in text and rt.languages.command(text) == (
            Reserved.START,
            POSTER,
        ):
            metrics.POSTERS.labels(inbound.channel).inc()
        case _:
            pass
