"""Answers about coming to Kazakhstan: first steps, kandas status, its steps, duration, cost."""

from flows.engine.text import _, button
from flows.knowledge import contacts, kandas, living, offices, pilot_2026, quota, registry, settling
from flows.knowledge import requirements as needs
from flows.knowledge.intents.answer import Answer, End
from flows.knowledge.intents.cautions import (
    ASK_BEFORE_PAYING,
    CHINA_PAPERS,
    KEEP,
    NO_SELLING,
    REFUSED,
    STAY_DURING,
)

WAY = (
    Answer(
        intent="way.which",
        label=button("Where to begin?"),
        opening=(
            _(
                "A few questions show what people in your situation usually apply for. Nothing of"
                " it is kept."
            ),
            KEEP,
            End(pilot_2026.PHASE),
            CHINA_PAPERS,
        ),
        more=(pilot_2026.PHASE, pilot_2026.TWO_TRACKS, quota.SHARE, registry.NO_PROMISE),
        flow="eligibility",
        preset=(("purpose", ""),),
        neighbours=("kandas.apply", "kandas.documents", "permit.residence"),
    ),
    Answer(
        intent="kandas.what",
        label=button("What kandas means"),
        opening=(
            kandas.DEFINITION,
            kandas.VALIDITY,
            kandas.FEE,
            End(pilot_2026.PHASE),
        ),
        more=(
            settling.WORK,
            settling.HEALTH,
            settling.SCHOOL,
            pilot_2026.TWO_TRACKS,
            quota.SHARE,
        ),
        flow="eligibility",
        neighbours=("kandas.apply", "kandas.documents", "support.money"),
    ),
    Answer(
        intent="kandas.apply",
        label=button("How to apply"),
        opening=(
            KEEP,
            pilot_2026.PHASE,
            kandas.CHANNELS,
            CHINA_PAPERS,
        ),
        more=(
            kandas.FEE,
            needs.KANDAS_PAPERS,
            needs.APP,
            kandas.EGOV,
            kandas.PLATFORM,
            kandas.COMPLETENESS,
            kandas.COMMISSION,
            kandas.DECISION,
            kandas.ABROAD_CONSENT,
        ),
        flow="checklist",
        preset=(("programme", "kandas_status"),),
        neighbours=("kandas.documents", "documents.iin", "where.mission"),
    ),
    Answer(
        intent="kandas.term",
        label=button("How long it takes"),
        opening=(
            _(
                "We cannot say how long it takes: the sources name different times, and the rules"
                " change. An officer can tell you how long it takes now."
            ),
            kandas.COMPLETENESS,
            kandas.COMMISSION,
            kandas.DECISION,
        ),
        more=(
            _(
                "Does your visa, your stay or your passport run out while you wait? Talk to"
                " an officer now."
            ),
            offices.AKIMAT,
        ),
        neighbours=("registry.application_elsewhere", "kandas.extend", "permit.expired"),
        unanswered=True,
    ),
    Answer(
        intent="kandas.refused",
        label=button("I was refused"),
        opening=(STAY_DURING, REFUSED, living.DEADLINE, living.COMPLAINT),
        more=(kandas.HEARING, kandas.COMPLETENESS, kandas.ROLE, offices.AKIMAT),
        flow="officer",
        neighbours=("complaint.officer", "kandas.prove_ethnicity", "documents.missing"),
    ),
    Answer(
        intent="kandas.extend",
        label=button("Kandas extension"),
        opening=(
            _("Talk to an officer before the last day on your paper."),
            _("Is the last day already over? Talk to an officer today."),
            kandas.EXTENSION,
            kandas.EXTENSION_PAPERS,
            pilot_2026.EXTENSION,
        ),
        more=(kandas.VALIDITY, pilot_2026.PHASE, offices.AKIMAT),
        flow="checklist",
        preset=(("programme", "kandas_extension"),),
        neighbours=("citizenship.how", "permit.expired", "kandas.apply"),
    ),
    Answer(
        intent="kandas.cost",
        label=button("What it costs"),
        opening=(kandas.FEE, ASK_BEFORE_PAYING, NO_SELLING),
        more=(settling.MISSIONS_CITIZENSHIP,),
        neighbours=("fraud.money", "documents.translation", "documents.apostille"),
    ),
    Answer(
        intent="kandas.leave",
        label=button("Travel and return"),
        opening=(
            _(
                "Travel can be dangerous for people from China, Iran and Afghanistan. Talk to an"
                " officer before you go."
            ),
            _(
                "We have not checked how long you may be away with the kandas status. Ask the"
                " migration service before you travel."
            ),
            needs.AWAY,
            quota.DUTY,
            quota.REPAY,
        ),
        more=(offices.POLICE, kandas.VALIDITY),
        neighbours=("support.repay", "permit.visa", "permit.residence"),
        unanswered=True,
    ),
    Answer(
        intent="pilot.2026",
        label=button("Rules of 2026, 2027"),
        opening=(
            pilot_2026.PHASE,
            _(
                "We have not found what applies after 2026. The rules may stay the same or "
                "change: do not rely on either."
            ),
            quota.PLACES,
        ),
        more=(
            pilot_2026.BINDS,
            quota.NEXT_YEAR,
            pilot_2026.BASIS,
            pilot_2026.START,
            pilot_2026.COVERS,
            pilot_2026.TEST,
            pilot_2026.QUESTIONNAIRE,
            pilot_2026.CHECK,
            pilot_2026.INTERVIEW,
            quota.DUTY,
            contacts.UNIFIED,
        ),
        flow="interview",
        neighbours=("test.language", "interview.what", "support.quota"),
    ),
)
