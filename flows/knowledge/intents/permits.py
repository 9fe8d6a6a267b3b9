"""Answers about entry, stay, residence permit, work and cards."""

from flows.engine.text import _, button
from flows.knowledge import cards, entry, laws, offices, pilot_2026, settling
from flows.knowledge import requirements as needs
from flows.knowledge.intents.answer import Answer, Own, Part, Together, countries_of
from flows.knowledge.intents.cautions import (
    CHINA_NOT_ASKED,
    CHINA_PAPERS,
    COUNTRYS_CONSENT,
    NO_LONGER_STAY,
    WITHOUT_VISA,
)
from flows.knowledge.origins import KNOWN

FROM_INSIDE = Together((settling.ANY_VISA, WITHOUT_VISA))
FROM_INSIDE_OF_IRAN = Together((settling.IR_ANY_VISA, NO_LONGER_STAY))
OUTSIDE_IRAN = frozenset(each.code for each in KNOWN if each.code != "IR")
STAY_ENDS = (cards.CHINA_STAY_ENDS, entry.IR_STAY_ENDS)
REGISTER = Together((entry.REGISTER,), countries=entry.REGISTERED)
STAYS = (
    entry.UZ_STAY,
    cards.CHINA_STAY,
    entry.EAEU_STAY,
    entry.TR_STAY,
    entry.DE_STAY,
    entry.MN_STAY,
    entry.TJ_STAY,
    laws.TM_ENTRY,
    laws.AF_ENTRY,
    Together((entry.STAY_OPEN,), countries=entry.UNCHECKED),
    REGISTER,
)
# Only one sentence about the pilot project, because the answer for citizens of China must have
# space for warnings.
PILOT_OF_CHINA = Together((pilot_2026.BEFORE_PERMIT,), countries=frozenset({"CN"}))
WHICH_CERTIFICATE = _("Ask whether you need a certificate of these steps.")
PILOT_AND_CERTIFICATE = Together(
    (pilot_2026.TEST_FIRST, WHICH_CERTIFICATE), countries=frozenset({"CN"})
)
OUTSIDE_CHINA = frozenset(each.code for each in KNOWN if each.code != "CN")
AGREEMENTS = (
    *entry.AGREEMENTS,
    Together((entry.AGREEMENT_UNCHECKED,), countries=entry.NO_AGREEMENT_FOUND),
)


def any_visa(citizenship: str) -> tuple[Part, ...]:
    """Return the parts on the visas with which ethnic Kazakhs may apply for the residence permit.

    The rule is never stated without its warning, and follows the parts on visa-free entry.
    """
    own = tuple(part for part in AGREEMENTS if citizenship in countries_of(part))
    return (*own, FROM_INSIDE_OF_IRAN if citizenship == "IR" else FROM_INSIDE)


PERMITS = (
    Answer(
        intent="permit.residence",
        label=button("Residence permit"),
        urgent=STAY_ENDS,
        opening=(
            Own((CHINA_PAPERS, PILOT_AND_CERTIFICATE, REGISTER)),
            Together((pilot_2026.PHASE, WHICH_CERTIFICATE), countries=OUTSIDE_CHINA),
            needs.PERMIT_PAPERS,
            # This warning follows the list of papers, because the list tells people of every
            # country to bring a certificate of no criminal record.
            Own(CHINA_NOT_ASKED),
        ),
        more=(
            needs.CERTIFICATES,
            *COUNTRYS_CONSENT,
            pilot_2026.BINDS,
            pilot_2026.CERTIFICATE,
            needs.MAY_APPLY,
            offices.POLICE,
            needs.PASSPORT_DAYS,
            settling.SOLVENCY,
            FROM_INSIDE,
            entry.HOST,
            entry.FINGERPRINTS,
            needs.CHILD_CONSENT,
            settling.CARD,
            needs.AWAY,
            settling.COMBINED,
            _("We have not checked how long it takes and what the fee is. Ask an officer."),
        ),
        flow="checklist",
        preset=(("programme", "prp"),),
        neighbours=("permit.visa", "citizenship.how", "documents.criminal_record"),
    ),
    Answer(
        intent="permit.visa",
        label=button("Visa and entry"),
        urgent=STAY_ENDS,
        opening=(
            Own((*STAYS, laws.IR_MISSIONS)),
            entry.HOST,
            Own(AGREEMENTS),
            Own((PILOT_OF_CHINA, FROM_INSIDE_OF_IRAN)),
            Together(FROM_INSIDE.parts, countries=OUTSIDE_IRAN),
        ),
        more=(
            _("Ask a mission before you travel: the rules can change."),
            needs.MAY_APPLY,
            entry.TM_BALKAN,
            entry.VISA_FREE,
            Together((cards.VISA, cards.VISA_PAPERS)),
            needs.PAVLODAR,
            offices.MISSION,
        ),
        flow="checklist",
        preset=(("programme", "visa_c10"),),
        neighbours=("permit.expired", "permit.residence", "where.mission"),
    ),
    Answer(
        intent="permit.expired",
        label=button("Overstay, entry ban"),
        urgent=STAY_ENDS,
        opening=(
            _("Talk to an officer today, and keep all your papers with you."),
            _(
                "There may be a fine, and a court may decide that you must leave. We have not"
                " checked the amounts."
            ),
            _(
                "Have you been deported, or may you not enter Kazakhstan for some years? Ask an"
                " officer before you travel. We have not checked how long a ban lasts."
            ),
            offices.POLICE,
        ),
        more=(entry.UZ_STAY, entry.EAEU_STAY, REGISTER, entry.HOST),
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
            CHINA_PAPERS,
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
