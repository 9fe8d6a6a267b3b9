"""Differences between countries of citizenship: confirmation of papers, entry, danger."""

from dataclasses import dataclass
from enum import StrEnum

from flows.engine.blocks import caution
from flows.engine.conditions import Answers
from flows.engine.text import Text, _
from flows.knowledge import cards, entry, laws, requirements
from flows.knowledge.facts import Fact

# The most frequent countries of citizenship, in order of frequency.
ORIGINS = ("UZ", "CN", "TM", "MN", "RU", "KG", "TR", "IR", "AF")
COMMON_ORIGINS = ORIGINS[:6]

# The chat page shows the first two lines of a warning, so the first sentence says what to do.
SAFETY_FIRST = caution(
    _(
        "Do not ask for papers where that is dangerous for you or your family. Talk to an officer"
        " first."
    )
)


class Confirmation(StrEnum):
    """The kind of confirmation that makes a country's papers valid in Kazakhstan."""

    APOSTILLE = "apostille"
    TREATY = "treaty"
    LEGALISATION = "legalisation"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A country of citizenship; `code` is ISO 3166-1 alpha-2, empty for `OTHER` and `STATELESS`.

    Citizens of a `dangerous` country are not asked to fetch papers there. `entry` facts are about
    entering Kazakhstan, `inside` facts for people already there. `exchange` facts are shown with
    the list of papers for citizenship. `ends` facts tell when a stay ends, and are shown first.
    `missions` are facts about the missions of Kazakhstan in the country.
    `leaving` is a fact about a step that is impossible after leaving the country, shown to people
    who may still be there. `permit` facts open the list of papers for the residence permit.
    `stay_open` tells that the length of a stay was not checked.
    """

    code: str
    confirmation: Confirmation
    law: Fact | None
    entry: tuple[Fact, ...] = ()
    inside: tuple[Fact, ...] = ()
    exchange: tuple[Fact, ...] = ()
    ends: tuple[Fact, ...] = ()
    missions: tuple[Fact, ...] = ()
    leaving: Fact | None = None
    permit: tuple[Fact, ...] = ()
    stay_open: Text | None = None
    dangerous: bool = False


OTHER = Origin(
    code="",
    confirmation=Confirmation.UNKNOWN,
    law=laws.OTHER,
    entry=(laws.OTHER_ENTRY,),
    stay_open=entry.STAY_OPEN,
)
STATELESS = Origin(code="", confirmation=Confirmation.UNKNOWN, law=None)
KNOWN = (
    Origin(
        code="UZ",
        confirmation=Confirmation.TREATY,
        law=laws.UZ,
        entry=(entry.UZ_STAY,),
        inside=(entry.UZ_STAY, entry.REGISTER),
    ),
    Origin(
        code="CN",
        confirmation=Confirmation.APOSTILLE,
        law=laws.CN,
        entry=(cards.CHINA_STAY, laws.CN_PAGES),
        inside=(laws.CN_PAGES,),
        ends=(cards.CHINA_STAY_ENDS,),
        leaving=requirements.CHINA_FIRST,
        permit=(requirements.CHINA_TWO_PAPERS,),
        dangerous=True,
    ),
    Origin(
        code="TM",
        confirmation=Confirmation.UNKNOWN,
        law=None,
        entry=(laws.TM_ENTRY, entry.TM_BALKAN),
        stay_open=entry.STAY_OPEN,
    ),
    Origin(
        code="MN",
        confirmation=Confirmation.UNKNOWN,
        law=laws.MN,
        entry=(entry.MN_STAY,),
        inside=(entry.MN_STAY, entry.REGISTER),
        exchange=(laws.MN_EXCHANGE,),
    ),
    Origin(
        code="RU",
        confirmation=Confirmation.TREATY,
        law=laws.RU,
        entry=(entry.EAEU_STAY,),
        inside=(entry.EAEU_STAY, entry.REGISTER),
    ),
    Origin(
        code="KG",
        confirmation=Confirmation.TREATY,
        law=laws.KG,
        entry=(entry.EAEU_STAY,),
        inside=(entry.EAEU_STAY, entry.REGISTER),
    ),
    Origin(
        code="TR",
        confirmation=Confirmation.APOSTILLE,
        law=laws.TR,
        entry=(entry.TR_STAY,),
        inside=(entry.TR_STAY, entry.REGISTER),
    ),
    Origin(
        code="IR",
        confirmation=Confirmation.LEGALISATION,
        law=laws.IR,
        entry=(entry.IR_STAY, laws.IR_MISSIONS),
        inside=(entry.IR_STAY,),
        ends=(entry.IR_STAY_ENDS,),
        missions=(laws.IR_MISSIONS,),
        dangerous=True,
    ),
    Origin(
        code="AF",
        confirmation=Confirmation.LEGALISATION,
        law=laws.AF,
        entry=(laws.AF_ENTRY,),
        stay_open=entry.STAY_OPEN,
        dangerous=True,
    ),
    Origin(
        code="TJ",
        confirmation=Confirmation.TREATY,
        law=laws.TJ,
        entry=(entry.TJ_STAY,),
        inside=(entry.TJ_STAY, entry.REGISTER),
    ),
    Origin(
        code="DE",
        confirmation=Confirmation.UNKNOWN,
        law=laws.OTHER,
        entry=(entry.DE_STAY, laws.OTHER_ENTRY),
        inside=(entry.DE_STAY, entry.REGISTER),
    ),
)


def origin_of(answers: Answers) -> Origin:
    """Return the `Origin` for the citizenship in a person's answers; `STATELESS` without one."""
    return origin(answers.get("citizenship") or "stateless")


def origin(citizenship: str) -> Origin:
    """Return the `Origin` of a country code; `STATELESS` for `stateless`, `OTHER` if unknown."""
    if citizenship == "stateless":
        return STATELESS
    return next((each for each in KNOWN if each.code == citizenship), OTHER)
