"""Answers about papers: which papers, where to get them, what makes them valid in Kazakhstan."""

from flows.engine.text import _, button
from flows.knowledge import documents, kandas, laws, living, offices, pilot_2026
from flows.knowledge import requirements as needs
from flows.knowledge.intents.answer import Answer, Own, Together
from flows.knowledge.intents.cautions import CHINA_NOT_ASKED, CHINA_PAPERS, NO_SELLING, UNSAFE

ONE_PARENT = _(
    "Is only your mother Kazakh, or only your father? We have found no rule on this for the kandas"
    " status. Show all your papers to an officer before you apply."
)
PAPER_ENDS = _(
    "Does your passport run out soon, or is a paper missing? Talk to an officer now. Go to the"
    " consulate of your country only if that is safe for you."
)
# Translators: "it" is a paper, such as a passport.
LOST_BEFORE_JOURNEY = _(
    "Was it lost or stolen, and do you travel soon? Talk to an officer today. Ask the airline or"
    " the station whether you can travel on another day."
)

PAPERS = (
    Answer(
        intent="kandas.documents",
        label=button("Papers needed"),
        opening=(
            CHINA_PAPERS,
            pilot_2026.TEST_FIRST,
            _("A few questions make your own list: which papers, from where, in which order."),
            Together((needs.KANDAS_PAPERS, needs.KANDAS_MORE_PAPERS)),
        ),
        more=(documents.ORIGINALS, kandas.COMPLETENESS, kandas.ROLE),
        flow="checklist",
        # The programme is asked: the intent also covers papers for other programmes than kandas,
        # and a form that the person left may be about another one.
        preset=(("programme", ""),),
        neighbours=("kandas.prove_ethnicity", "documents.apostille", "documents.missing"),
    ),
    Answer(
        intent="kandas.prove_ethnicity",
        label=button("Ethnicity in papers"),
        opening=(
            ONE_PARENT,
            needs.ETHNICITY_PAPERS,
            kandas.ROLE,
            _("Do not pay anyone to prove it for you: an officer can explain what to do."),
        ),
        more=(
            _(
                "Does a paper name another ethnicity or spell your name differently? Tell an"
                " officer before you apply. Do not change a paper yourself."
            ),
            needs.ONE_PARENT,
            kandas.DEFINITION,
            offices.AKIMAT,
        ),
        flow="officer",
        neighbours=("kandas.documents", "documents.missing", "kandas.dna"),
    ),
    Answer(
        intent="kandas.dna",
        label=button("DNA test"),
        opening=(
            _("We have found no rule in force that asks for a genetic test."),
            _("Do not pay for one. If somebody asks you for it, talk to an officer."),
            kandas.ROLE,
        ),
        neighbours=("kandas.prove_ethnicity", "fraud.money", "kandas.documents"),
        unanswered=True,
    ),
    Answer(
        intent="documents.missing",
        label=button("Problem with papers"),
        opening=(
            PAPER_ENDS,
            UNSAFE,
            LOST_BEFORE_JOURNEY,
            needs.PASSPORT_DAYS,
            kandas.COMPLETENESS,
        ),
        more=(
            _(
                "Is your name spelled in different ways, or is an ethnicity wrong? Show all your"
                " papers to an officer before you apply."
            ),
            kandas.ROLE,
            needs.CHILD_BIRTH,
        ),
        flow="officer",
        neighbours=("kandas.prove_ethnicity", "documents.apostille", "citizenship.stateless"),
    ),
    Answer(
        intent="documents.apostille",
        label=button("Apostille"),
        opening=(
            CHINA_PAPERS,
            laws.UZ,
            laws.RU,
            _("Your own list says what the papers of your country need."),
        ),
        more=(
            laws.CN,
            laws.KG,
            laws.TJ,
            laws.MN,
            laws.TR,
            laws.IR,
            laws.AF,
            laws.OTHER,
            needs.APOSTILLE,
            needs.LEGALISATION,
        ),
        flow="checklist",
        neighbours=("documents.translation", "kandas.documents", "documents.missing"),
    ),
    Answer(
        intent="documents.translation",
        label=button("Translation"),
        opening=(
            _(
                "Papers in other languages are translated into Kazakh or Russian. A notary"
                " attests the translation."
            ),
            _(
                "Is a translation made abroad accepted? We have not checked; ask before you pay"
                " for it."
            ),
            documents.ORIGINALS,
        ),
        more=(needs.KANDAS_PAPERS, laws.UZ, laws.RU),
        flow="checklist",
        neighbours=("documents.apostille", "kandas.documents", "kandas.cost"),
    ),
    Answer(
        intent="documents.diploma",
        label=button("Diploma"),
        opening=(
            Together(
                (
                    living.RECOGNITION,
                    living.RECOGNITION_PAPERS,
                    _(
                        "Doctors and teachers may need more than that to work. We have not"
                        " checked what; ask the employer or an officer."
                    ),
                )
            ),
        ),
        more=(CHINA_PAPERS,),
        neighbours=("permit.work", "card.ata_zholy", "life.university"),
    ),
    Answer(
        intent="documents.criminal_record",
        label=button("Criminal record"),
        opening=(
            Own(CHINA_NOT_ASKED),
            needs.NO_RECORD,
            _(
                "Could asking for this certificate put you or your family in danger? Then do"
                " not ask for it. Talk to an officer first."
            ),
        ),
        more=(needs.CERTIFICATES, CHINA_PAPERS, laws.UZ, laws.RU, laws.OTHER),
        flow="checklist",
        preset=(("programme", "prp"),),
        neighbours=("permit.residence", "documents.apostille", "documents.medical"),
    ),
    Answer(
        intent="documents.medical",
        label=button("Medical certificate"),
        opening=(
            Together(
                (
                    needs.MEDICAL,
                    _(
                        "We have not checked which tests it takes. We do not know what an illness"
                        " means for the application. Ask the clinic and an officer."
                    ),
                )
            ),
        ),
        more=(
            needs.CERTIFICATES,
            needs.PERMIT_PAPERS,
            _("Write nothing about your health in this chat."),
        ),
        neighbours=("permit.residence", "life.health", "documents.criminal_record"),
    ),
    Answer(
        intent="documents.iin",
        label=button("IIN"),
        opening=(living.GET_IIN, documents.NO_JOURNEY, living.SIGNATURE, living.BANK),
        more=(
            living.BANK_CARD,
            living.PHONE_CARD,
            living.PHONE_CARD_BIOMETRIC,
            kandas.EGOV,
            _("Have you forgotten the password of egov.kz? A State Corporation office can help."),
            _("The IIN is not the 14-digit number in papers of Uzbekistan."),
        ),
        neighbours=("kandas.apply", "where.office", "permit.work"),
    ),
    Answer(
        intent="documents.photo",
        label=button("Photos and copies"),
        opening=(
            needs.PHOTOS,
            documents.ORIGINALS,
            _("You do not have to send any paper here to ask a question."),
        ),
        more=(kandas.EGOV, NO_SELLING),
        flow="papers",
        neighbours=("kandas.documents", "documents.translation", "registry.register"),
    ),
)
