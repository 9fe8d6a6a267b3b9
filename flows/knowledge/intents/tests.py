"""Answers about the language test and the interview of the 2026 pilot."""

from flows.engine.text import _, button
from flows.knowledge import contacts, kandas, pilot_2026, settling
from flows.knowledge import requirements as needs
from flows.knowledge.intents.answer import Answer, Together
from flows.knowledge.intents.cautions import CITIZENSHIP_EXAM
from flows.knowledge.intents.family import TEST_OPEN

OTHER_EXAM = Together((CITIZENSHIP_EXAM, settling.EXAM, contacts.TESTS))

TESTS = (
    Answer(
        intent="test.language",
        label=button("Language test"),
        opening=(
            TEST_OPEN,
            pilot_2026.PHASE,
            Together(
                (
                    pilot_2026.TEST,
                    _(
                        "We have not found where to register for this test or what it costs."
                        " Sources disagree on how many answers must be right. We have not found"
                        " whether it can be read in Arabic script."
                    ),
                )
            ),
        ),
        more=(
            pilot_2026.BINDS,
            OTHER_EXAM,
        ),
        flow="interview",
        preset=(("wish", "stages"),),
        neighbours=("test.practice", "interview.what", "pilot.2026"),
    ),
    Answer(
        intent="test.practice",
        label=button("Practice"),
        opening=(
            _(
                "Here you can practise simple questions in Kazakh. The questions are our own, "
                "not those of the test, and nothing is counted."
            ),
        ),
        more=(pilot_2026.PHASE,),
        flow="interview",
        preset=(("wish", "practice"),),
        neighbours=("test.language", "interview.what", "life.adaptation"),
    ),
    Answer(
        intent="interview.what",
        label=button("Interview"),
        opening=(
            pilot_2026.PHASE,
            Together(
                (
                    pilot_2026.INTERVIEW,
                    pilot_2026.QUESTIONNAIRE,
                    _(
                        "We have not found which questions are asked, or what the authorities"
                        " check. Answer truthfully."
                    ),
                )
            ),
        ),
        more=(Together((kandas.ROLE, needs.COMMISSION_MEMBERS)),),
        flow="interview",
        preset=(("wish", "stages"),),
        neighbours=("test.practice", "test.language", "kandas.prove_ethnicity"),
    ),
)
