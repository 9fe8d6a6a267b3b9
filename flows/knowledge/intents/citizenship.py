"""Answers about citizenship; each first warns not to give up one's citizenship too early."""

from flows.engine.text import _, button
from flows.knowledge import laws, living, offices, settling
from flows.knowledge import requirements as needs
from flows.knowledge.intents.answer import Answer, Own, Together
from flows.knowledge.intents.cautions import CHINA_PAPERS, EVEN_THEN, KEEP, STATEMENT_OPEN

STATEMENT = Together((needs.STATEMENT, STATEMENT_OPEN))

CITIZENSHIP = (
    Answer(
        intent="citizenship.how",
        label=button("Get citizenship"),
        opening=(
            KEEP,
            settling.COMBINED,
            settling.EXAM,
            STATEMENT,
            Own((CHINA_PAPERS,)),
        ),
        more=(
            settling.MISSIONS_CITIZENSHIP,
            settling.NO_DUAL,
            settling.STATELESS,
            EVEN_THEN,
            offices.POLICE,
            _("We have not checked how long it takes and what the fee is. Ask an officer."),
        ),
        flow="checklist",
        preset=(("programme", "citizenship_simplified"),),
        neighbours=("citizenship.renounce", "permit.residence", "test.language"),
    ),
    Answer(
        intent="citizenship.dual",
        label=button("Two citizenships"),
        opening=(KEEP, settling.NO_DUAL, settling.STATELESS, EVEN_THEN),
        more=(STATEMENT, needs.CARD_KEEPS, laws.MN_EXCHANGE, offices.POLICE),
        neighbours=("citizenship.renounce", "citizenship.how", "life.pension"),
    ),
    Answer(
        intent="citizenship.renounce",
        label=button("Give up citizenship"),
        opening=(
            KEEP,
            settling.STATELESS,
            EVEN_THEN,
            STATEMENT,
            _(
                "Does your country first want proof of the new citizenship? Ask the migration "
                "service in writing whether you will be admitted to citizenship."
            ),
        ),
        more=(
            settling.NO_DUAL,
            needs.CN_LOSS,
            needs.UZ_RELEASE,
            laws.MN_EXCHANGE,
            _(
                "We have not checked how it is done in China, Mongolia and Russia. Go to a"
                " consulate of your country only if that is safe for you."
            ),
            offices.POLICE,
        ),
        flow="officer",
        neighbours=("citizenship.how", "citizenship.dual", "citizenship.stateless"),
    ),
    Answer(
        intent="citizenship.stateless",
        label=button("No citizenship"),
        opening=(
            _("Talk to an officer soon, also if you have no paper at all."),
            living.LEGAL_HELP,
            living.LEGAL_BUREAU,
            offices.POLICE,
        ),
        more=(needs.STATELESS_TOO,),
        flow="officer",
        neighbours=("documents.missing", "citizenship.how", "kandas.apply"),
    ),
)
