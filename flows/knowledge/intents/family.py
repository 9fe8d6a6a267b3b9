"""Answers about the family: spouse, children, parents, military service."""

from flows.engine.text import _, button
from flows.knowledge import contacts, documents, kandas, living, offices, settling
from flows.knowledge import requirements as needs
from flows.knowledge.intents.answer import Answer, Together
from flows.knowledge.intents.cautions import AGREEMENT_OPEN

TEST_OPEN = _(
    "Is the test for a child, an older person or a person with a disability? We have not"
    " found whether they take it: ask an officer."
)

FAMILY = (
    Answer(
        intent="kandas.spouse",
        label=button("My spouse"),
        opening=(
            _(
                "For a husband or wife who is not Kazakh other rules apply. We have not checked"
                " them; an officer can explain."
            ),
            kandas.DEFINITION,
            settling.SOLVENCY,
        ),
        more=(offices.POLICE, living.MARRIAGE),
        flow="officer",
        neighbours=("permit.residence", "life.marriage", "kandas.children"),
        unanswered=True,
    ),
    Answer(
        intent="kandas.children",
        label=button("My children"),
        opening=(
            _(
                "If a child has no birth certificate, talk to an officer first. Take no risks for a"
                " paper."
            ),
            documents.APPLICATION.fact,
            needs.CHILD_CONSENT,
            settling.SCHOOL,
            TEST_OPEN,
        ),
        more=(settling.HEALTH, settling.EXAM, contacts.FAMILY_LINE),
        flow="checklist",
        neighbours=("life.school", "life.benefits", "danger.child"),
    ),
    Answer(
        intent="kandas.parents",
        label=button("Parents, relatives"),
        opening=(
            _(
                "Adults apply with papers of their own. We have not checked whether easier rules"
                " apply to old parents; an officer can tell you."
            ),
            documents.APPLICATION.fact,
            TEST_OPEN,
        ),
        more=(
            settling.SOLVENCY,
            Together((living.PENSION_MN, AGREEMENT_OPEN)),
            living.PENSION_MN_YEARS,
            living.PENSION_UNION,
        ),
        neighbours=("life.pension", "kandas.documents", "test.language"),
        unanswered=True,
    ),
    Answer(
        intent="kandas.army",
        label=button("Military service"),
        opening=(living.ARMY, living.ARMY_FREE),
        more=(
            _(
                "We have not checked what your own country demands before you leave. Talk to an"
                " officer if you are afraid."
            ),
        ),
        neighbours=("citizenship.how", "kandas.leave", "citizenship.dual"),
    ),
)
