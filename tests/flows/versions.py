"""Changed versions of the pre-registration flow, which tests release during conversations."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from flows import FLOWS
from flows.engine.flow import Consent, Flow, Item, RepeatingGroup
from flows.engine.options import Option
from flows.engine.questions import Choice, FreeText, PersonName, Question, YesNo
from flows.engine.text import _, button, row
from flows.preregistration import PREREGISTRATION
from flows.preregistration.after_consent import (
    AGE_BAND,
    EDUCATION,
    FAMILY,
    KAZAKH_LEVEL,
    SURNAME,
    TARGET_REGION,
    WRITE_FIRST,
)
from flows.preregistration.before_consent import CITIZENSHIP, CONSENT, PURPOSE

type Flows = Mapping[str, Flow]

NAME = "preregistration"
EARLY = FreeText(name="nickname", label=button("Nickname"), text=_("What are you called?"))
LATE = YesNo(name="pets", label=button("Pets"), text=_("Have you pets?"))


def with_items(items: tuple[Item, ...]) -> Flows:
    return {**FLOWS, NAME: replace(PREREGISTRATION, items=items)}


def with_replaced(old: Item, *new: Item) -> Flows:
    """Return the flows with the item `old` of the pre-registration replaced by the items `new`."""
    at = PREREGISTRATION.items.index(old)
    return with_items((*PREREGISTRATION.items[:at], *new, *PREREGISTRATION.items[at + 1 :]))


def with_swapped(one: Question, other: Question) -> Flows:
    places: dict[str, Item] = {one.name: other, other.name: one}
    return with_items(tuple(places.get(item.name, item) for item in PREREGISTRATION.items))


def _family(change: Callable[[tuple[Question, ...]], tuple[Question, ...]]) -> RepeatingGroup:
    return replace(FAMILY, items=change(FAMILY.items))


REV = 2
VERSIONS: dict[str, Flows] = {
    "today": FLOWS,
    "a question before all others": with_items((EARLY, *PREREGISTRATION.items)),
    "a question after consent": with_replaced(CONSENT, CONSENT, LATE),
    "a question before the review": with_replaced(WRITE_FIRST, WRITE_FIRST, LATE),
    "a question is gone": with_replaced(EDUCATION),
    "a question before consent is gone": with_replaced(CITIZENSHIP),
    "a question has another name": with_replaced(
        SURNAME, replace(SURNAME, name="last", former_names=("surname",))
    ),
    "a question means something else": with_replaced(PURPOSE, replace(PURPOSE, rev=REV)),
    "a question is of another kind": with_replaced(
        KAZAKH_LEVEL,
        PersonName(name="kazakh_level", label=button("Level"), text=_("Your level?"), rev=REV),
    ),
    "questions changed places": with_swapped(EDUCATION, WRITE_FIRST),
    "options changed places": with_replaced(
        TARGET_REGION, replace(TARGET_REGION, among=TARGET_REGION.among[::-1])
    ),
    "an option is gone": with_replaced(PURPOSE, replace(PURPOSE, among=PURPOSE.among[1:])),
    "an option came first": with_replaced(
        PURPOSE, replace(PURPOSE, among=(Option("retire", row("Retire")), *PURPOSE.among))
    ),
    "a question of the list is gone": with_replaced(
        FAMILY, _family(lambda parts: tuple(part for part in parts if part is not AGE_BAND))
    ),
    "the list asks more": with_replaced(
        FAMILY,
        _family(
            lambda parts: (
                Choice(
                    name="lives",
                    label=button("Lives"),
                    text=_("Where does this person live?"),
                    among=(Option("here", row("With me")), Option("away", row("Elsewhere"))),
                ),
                *parts,
            )
        ),
    ),
    "the consent says something else": with_replaced(
        CONSENT,
        Consent(
            name="consent_registration",
            label=button("Consent"),
            purpose="registration",
            text=_("May we keep your answers? (new)"),
        ),
    ),
}
