"""Answers about entry, stay, residence permit, work and cards."""

from flows.engine.text import _, button
from flows.knowledge import cards, entry, laws, offices, pilot_2026, settling
from flows.knowledge import requirements as needs
from flows.knowledge.intents.answer import Answer, Together
from flows.knowledge.intents.cautions import LEFT

PERMITS = (
    Answer(
        intent="permit.residence",
        label=button("Residence permit"),
        opening=(
            pilot_2026.PHASE,
            needs.PERMIT_PAPERS,
            needs.PASSPORT_DAYS,
            offices.POLICE,
        ),
        more=(
            settling.SOLVENCY,
            settling.ANY_VISA,
            entry.HOST,
            Together((needs.CHINA_FIRST, LEFT)),
            entry.FINGERPRINTS,
            needs.CHILD_CONSENT,
            settling.CARD,
            settling.COMBINED,
            entry.REGISTER,
            _("We have not checked how long it takes and what the fee is. Ask an officer."),
        ),
        flow="checklist",
        preset=(("programme", "prp"),),
        neighbours=("permit.visa", "citizenship.how", "documents.criminal_record"),
    ),
    Answer(
        intent="permit.visa",
        label=button("Visa and entry"),
        opening=(
            cards.CHINA_STAY_ENDS,
            entry.UZ_STAY,
            cards.CHINA_STAY,
            settling.ANY_VISA,
            entry.REGISTER,
            _("Ask a mission before you travel: the days and the rules can change."),
        ),
        more=(
            entry.EAEU_STAY,
            entry.TR_STAY,
            entry.DE_STAY,
            entry.MN_STAY,
            entry.IR_STAY,
            laws.TM_ENTRY,
            entry.TM_BALKAN,
            laws.AF_ENTRY,
            entry.VISA_FREE,
            Together((cards.VISA, cards.VISA_PAPERS)),
            entry.HOST,
            offices.MISSION,
        ),
        flow="checklist",
        preset=(("programme", "visa_c10"),),
        neighbours=("permit.expired", "permit.residence", "where.mission"),
    ),
    Answer(
        intent="permit.expired",
        label=button("My stay ran out"),
        opening=(
            _("Talk to an officer today, and keep all your papers with you."),
            _(
                "There may be a fine, and a court may decide that you must leave. We have not"
                " checked the amounts."
            ),
            offices.POLICE,
            cards.CHINA_STAY_ENDS,
        ),
        more=(entry.UZ_STAY, entry.EAEU_STAY, entry.REGISTER, entry.HOST),
        flow="officer",
        neighbours=("danger.deported", "permit.visa", "permit.residence"),
    ),
    Answer(
        intent="permit.work",
        label=button("Work"),
        opening=(
            settling.WORK,
            _(
                "Do you have neither the kandas status nor a permit? Ask an officer before"
                " you begin to work."
            ),
            cards.CHINA_STAY,
        ),
        more=(cards.ATA_ZHOLY_RIGHTS, offices.CAREER),
        neighbours=("card.ata_zholy", "documents.diploma", "documents.iin"),
    ),
    Answer(
        intent="card.ata_zholy",
        label=button("Ata Zholy card"),
        opening=(cards.ATA_ZHOLY, cards.ATA_ZHOLY_RIGHTS, cards.ATA_ZHOLY_NUMBERS),
        more=(
            Together((needs.CHINA_FIRST, LEFT)),
            cards.ATA_ZHOLY_VALIDITY,
            cards.ATA_ZHOLY_PAPERS,
            offices.MISSION,
        ),
        flow="checklist",
        preset=(("programme", "ata_zholy"),),
        neighbours=("permit.work", "documents.diploma", "permit.visa"),
    ),
    Answer(
        intent="card.kazakh",
        label=button("Kazakh Card"),
        opening=(
            _("The press has named a Kazakh Card, but we have found no rules for it."),
            cards.ATA_ZHOLY,
        ),
        neighbours=("card.ata_zholy", "kandas.what", "way.which"),
        unanswered=True,
    ),
)
