"""Replies to recognised intents, as the engine sees them; `flows.replies` defines them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from flows.engine.language_protocol import Reserved
from flows.engine.recognition import Recognizer
from flows.engine.text import Text

# Name of the question whose answer puts an answer's sentences in order.
CITIZENSHIP = "citizenship"

# Sentences for a day and a citizenship, an ISO code or "" if it is unknown.
type Spoken = Callable[[date, str], tuple[Text, ...]]


def silent(_today: date, _citizenship: str) -> tuple[Text, ...]:
    """Say nothing."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one intent.

    `label` heads it and is the button that offers it; small talk has none. `opening` is said at
    once, `more` when it is asked for. `command` is run in place of an answer. `flow` is offered,
    or opened at once where `opens` is set, with the answers of `preset`. `neighbours` are intents
    that may have been meant instead.
    """

    intent: str
    label: Text | None = None
    opening: Spoken = silent
    more: Spoken = silent
    command: Reserved | None = None
    flow: str = ""
    opens: bool = False
    preset: tuple[tuple[str, str], ...] = ()
    neighbours: tuple[str, ...] = ()

    @property
    def is_choosable(self) -> bool:
        """Return True if an external model may choose it: a topic with a name, no command."""
        return self.label is not None and self.command is None


@dataclass(frozen=True, slots=True)
class Understanding:
    """Data to answer free text.

    `safety` maps a danger intent to the safety answer; "" is the general answer. `suggest` turns
    values that a message named into answers of questions, by their names. `topics` maps a flow or
    screen to the intents offered if nothing was recognised; "" is the general list.
    `model_operator` is who runs the external model, `transcriber` who turns voice messages into
    text; an empty name means that there is none. `hint_ways` are the ways of hints outside of the
    chat, `sms_countries` the countries whose numbers get an SMS.
    """

    recognizer: Recognizer
    replies: Mapping[str, Reply]
    safety: Mapping[str, Spoken]
    topics: Mapping[str, tuple[str, ...]]
    suggest: Callable[[Mapping[str, str]], Mapping[str, str]] = field(default=dict)
    model_operator: str = ""
    transcriber: str = ""
    hint_ways: tuple[str, ...] = ()
    sms_countries: tuple[str, ...] = ()
