"""Count the chats that begin with the QR code of a poster: by channel, and nothing about people."""

from bot.channels import Inbound
from bot.observability import metrics
from bot.runtime import Runtime
from flows.engine.events import Said, Started
from flows.engine.language_protocol import Reserved

# The word that the links of posters carry; it opens no flow.
POSTER = "poster"


def count(rt: Runtime, inbound: Inbound) -> None:
    """Count an update if it begins the chat with a poster's word."""
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
