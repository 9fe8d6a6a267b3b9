"""Questions and other items of small flows, for tests of the flow lint and of the walk."""

from typing import Any

from flows.engine.flow import Consent, Flow, HandoffOffer, Item, Notice, Outcome, Review
from flows.engine.options import Option
from flows.engine.questions import Choice, FreeText, Number, YesNo
from flows.engine.text import Text, _, button, verbatim

PETS = YesNo(name="pets", label=button("Phone"), text=_("Have you pets?"))
MANY_PETS = Number(name="many", label=button("Phone"), text=_("How many?"), when=PETS.is_("yes"))
RISK = Notice(name="risk", label=button("Please note"), text=_("Risk."))
CONSENT = Consent(name="agree", label=button("Consent"), text=_("Agree?"), purpose="registration")
REVIEW = Review(name="review", label=button("Review"), text=_("Right?"))
WORDS_OF_ONES_OWN = FreeText(name="own", label=button("Phone"), text=_("Say."))
GATE = HandoffOffer(name="gate", label=button("Phone"), text=_("Stop."), topic="general")
FLEETING = YesNo(name="fleeting", label=button("Phone"), text=_("Now?"), persisted=False)
GOOD = (PETS, FLEETING, RISK, CONSENT, MANY_PETS, REVIEW)


def flow(*items: Item, registers: bool = True, **others: Any) -> Flow:
    return Flow(
        name="trial",
        title=verbatim("Trial"),
        items=items,
        outcome=lambda answers, today: Outcome(()),
        registers=registers,
        **others,
    )


def choice(**labels: Text) -> Choice:
    among = tuple(Option(key, label) for key, label in labels.items())
    return Choice(name="pick", label=button("Phone"), text=_("Which?"), among=among)


class NeverAccepted(YesNo):
    """A yes/no question that rejects every stored answer, so that it is asked again for ever."""

    def accepts(self, value: str) -> bool:
        return False
