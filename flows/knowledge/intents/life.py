"""Answers about life after the move: pension, benefits, doctor, school, marriage, driving."""

from flows.engine.text import _, button
from flows.knowledge import cards, contacts, living, offices, settling
from flows.knowledge import requirements as needs
from flows.knowledge.intents.answer import Answer, Own, Together
from flows.knowledge.intents.cautions import AGREEMENT_OPEN

TAKE_PAPERS = _(
    "Would you like a pension in Kazakhstan? If it is safe for you, bring papers about all your"
    " years of work."
)
PAID_ON = _(
    "Do you get a pension already? We have not checked whether it is paid after the move. Ask the"
    " office that pays it before you leave, if that is safe for you."
)

LIFE = (
    Answer(
        intent="life.pension",
        label=button("Pension"),
        opening=(
            TAKE_PAPERS,
            PAID_ON,
            Own((Together((living.PENSION_MN, AGREEMENT_OPEN)), living.PENSION_MN_YEARS)),
            living.PENSION_UNION,
            living.PENSION_PAPERS,
        ),
        more=(
            settling.PENSION,
            _("We have not checked which years of work count for other countries. Ask an officer."),
        ),
        neighbours=("kandas.parents", "life.benefits", "citizenship.dual"),
    ),
    Answer(
        intent="life.benefits",
        label=button("Benefits"),
        opening=(
            _(
                "We have not checked which benefits children and people with a disability get."
                " The akimat or an officer can tell you."
            ),
            settling.WORK,
        ),
        more=(offices.CAREER, contacts.UNIFIED),
        neighbours=("support.money", "life.pension", "kandas.children"),
        unanswered=True,
    ),
    Answer(
        intent="life.health",
        label=button("Doctor and hospital"),
        opening=(
            settling.HEALTH,
            _(
                "We have not checked what is free before you have the kandas status. In an"
                " emergency call an ambulance all the same."
            ),
        ),
        neighbours=("documents.medical", "kandas.what", "life.benefits"),
    ),
    Answer(
        intent="life.school",
        label=button("School, kindergarten"),
        opening=(settling.SCHOOL, needs.CHILD_BIRTH),
        more=(contacts.FAMILY_LINE,),
        neighbours=("kandas.children", "life.university", "documents.missing"),
    ),
    Answer(
        intent="life.university",
        label=button("University"),
        opening=(settling.GRANTS, living.RECOGNITION),
        more=(cards.VISA,),
        flow="eligibility",
        preset=(("purpose", "study"),),
        neighbours=("documents.diploma", "life.adaptation", "permit.visa"),
    ),
    Answer(
        intent="life.adaptation",
        label=button("Adaptation centre"),
        opening=(
            Together(
                (
                    settling.ADAPTATION,
                    _(
                        "We have found no list of these centres. The akimat of the place"
                        " can tell you whether there is one."
                    ),
                )
            ),
        ),
        more=(offices.AKIMAT,),
        neighbours=("test.practice", "where.office", "support.housing"),
    ),
    Answer(
        intent="life.marriage",
        label=button("Marriage, birth"),
        opening=(
            living.MARRIAGE,
            _(
                "We have not checked the rules for a divorce or for a child born here. A"
                " State Corporation office can tell you."
            ),
        ),
        more=(contacts.UNIFIED,),
        neighbours=("kandas.spouse", "kandas.children", "documents.missing"),
    ),
    Answer(
        intent="life.driving",
        label=button("Driving licence"),
        opening=(
            _(
                "We have not checked how long a foreign driving licence is valid here. A"
                " State Corporation office can tell you."
            ),
            contacts.UNIFIED,
        ),
        neighbours=("support.transport", "where.office", "documents.iin"),
        unanswered=True,
    ),
)
