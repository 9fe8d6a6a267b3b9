"""Types for the replies to recognized intents; the package `flows.replies` builds the replies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from flows.engine.language_protocol import Reserved
from flows.engine.recognition import Recognizer
from flows.engine.text import Text

# The name of the question whose answer decides the order of sentences in a reply.
CITIZENSHIP = "citizenship"

# A function that returns the sentences of a reply, given the day and the citizenship (an ISO code,
# "" if unknown).
type ReplyTexts = Callable[[date, str], tuple[Text, ...]]


def no_texts(_today: date, _citizenship: str) -> tuple[Text, ...]:
    """Return no sentences; use this function as the `ReplyTexts` of a reply without text."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The assistant's reply to one intent (a question that people ask).

    `label` is the heading of the reply and the label of its button. Small talk has none. `opening`
    is sent at once, `more` on request. `command` is run instead of an answer. `flow` is offered, or
    with `opens` opened at once, with the answers of `preset`; for the answer "", the flow asks the
    question again. `neighbours` are intents that may have been meant instead. `corrects` marks the
    wish to correct or withdraw answers: in a form whose answers are not sent, the person learns how
    to go back.
    """

    intent: str
    label: Text | None = None
    opening: ReplyTexts = no_texts
    more: ReplyTexts = no_texts
    command: Reserved | None = None
    flow: str = ""
    opens: bool = False
    preset: tuple[tuple[str, str], ...] = ()
    neighbours: tuple[str, ...] = ()
    corrects: bool = False

    @property
    def is_choosable(self) -> bool:
        """Return True if an external model may choose this reply: it has a label and no command."""
        return self.label is not None and self.command is None


@dataclass(frozen=True, slots=True)
class Understanding:
    """The data that the engine needs to answer free text.

    `safety` maps a danger intent to the safety answer; the key "" has the general one. `suggest`
    converts values that a message mentions to answers, by question name. `topics` maps a flow,
    question or screen to the intents that are offered if nothing was recognized; the key "" has the
    general list. `model_operator` is the name of the external model's operator, `transcriber` that
    of the voice transcription's; "" if there is none. `hint_ways` are the configured ways (`email`,
    `sms`) of notices outside of the chat, `sms_countries` the countries that get SMS.
    """

    recognizer: Recognizer
    replies: Mapping[str, Reply]
    safety: Mapping[str, ReplyTexts]
    topics: Mapping[str, tuple[str, ...]]
    suggest: Callable[[Mapping[str, str]], Mapping[str, str]] = field(default=dict)
    model_operator: str = ""
    transcriber: str = ""
    hint_ways: tuple[str, ...] = ()
    sms_countries: tuple[str, ...] = ()
