"""Answers about support: money, quota, regions, housing, land, repayment."""

from flows.engine.text import _, button
from flows.knowledge import kandas, offices, quota, settling
from flows.knowledge.intents.answer import Answer, End, Together
from flows.knowledge.intents.cautions import ASK_AKIMAT, CHINA_PAPERS, NO_SELLING

MONEY = Together((quota.SHARE, quota.RELOCATION, quota.RENT, quota.HOME, quota.MCI_2026))

SUPPORT = (
    Answer(
        intent="support.money",
        label=button("Money for the move"),
        opening=(MONEY, quota.PLACES),
        more=(
            quota.OTHER,
            quota.DUTY,
            quota.REPAY,
            quota.WHO_GETS,
            offices.CAREER,
            NO_SELLING,
        ),
        flow="support",
        neighbours=("support.quota", "support.repay", "support.housing"),
    ),
    Answer(
        intent="support.calculate",
        label=button("Count my support"),
        opening=(
            Together(
                (
                    _("A few questions show what a family like yours could get in the quota."),
                    quota.SHARE,
                )
            ),
            quota.PLACES,
        ),
        more=(quota.DUTY, quota.REPAY),
        flow="support",
        neighbours=("support.money", "support.quota", "support.repay"),
    ),
    Answer(
        intent="support.housing",
        label=button("Housing"),
        opening=(
            settling.HOUSING_LIST,
            End(quota.PLACES),
            Together((quota.SHARE, quota.HOME, quota.RENT, quota.MCI_2026)),
        ),
        more=(settling.ADAPTATION, quota.PLACES, quota.DUTY, quota.REPAY),
        flow="support",
        neighbours=("support.money", "support.regions", "support.repay"),
    ),
    Answer(
        intent="support.quota",
        label=button("Regional quota"),
        opening=(
            quota.PLACES,
            quota.SHARE,
            quota.DUTY,
            quota.REPAY,
        ),
        more=(
            quota.REGIONS,
            quota.NEXT_YEAR,
            offices.CAREER,
            quota.LAST_YEAR,
            quota.WHO_GETS,
            CHINA_PAPERS,
        ),
        flow="support",
        neighbours=("support.money", "support.regions", "support.repay"),
    ),
    Answer(
        intent="support.regions",
        label=button("Where to live"),
        opening=(
            quota.SOUTH,
            kandas.WHERE_TO_LIVE,
            ASK_AKIMAT,
            quota.REGIONS,
            quota.REPAY,
            End(quota.PLACES),
        ),
        more=(
            kandas.GROUNDS,
            quota.PLACES,
            quota.NEXT_YEAR,
            quota.SETTLED,
            quota.SHYMKENT,
            quota.DUTY,
            offices.AKIMAT,
        ),
        flow="support",
        neighbours=("support.quota", "support.housing", "support.repay"),
    ),
    Answer(
        intent="support.land",
        label=button("Land"),
        opening=(
            settling.LAND,
            _(
                "We have not checked the rules for land for a house, or help with livestock."
                " Ask the akimat of the place."
            ),
        ),
        neighbours=("support.housing", "support.transport", "permit.work"),
    ),
    Answer(
        intent="support.repay",
        label=button("Paying it back"),
        opening=(
            quota.REPAY,
            quota.DUTY,
            _("Before you sign, ask an officer what the contract says about leaving early."),
        ),
        more=(offices.CAREER,),
        neighbours=("support.quota", "kandas.leave", "support.regions"),
    ),
    Answer(
        intent="support.transport",
        label=button("Bringing belongings"),
        opening=(
            settling.CUSTOMS,
            _(
                "We have not checked the rules for cars, livestock and large amounts. Ask the"
                " customs office or an officer before you pay."
            ),
        ),
        neighbours=("life.driving", "support.money", "permit.visa"),
    ),
)
