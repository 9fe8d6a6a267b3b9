"""Answers about whom to turn to: missions, offices, phone numbers, Otandastar, independent help."""

from flows.engine.text import _, button
from flows.knowledge import contacts, living, offices, safety
from flows.knowledge.intents.answer import Answer, Together

PLACES = (
    Answer(
        intent="where.mission",
        label=button("Missions abroad"),
        opening=(
            offices.MISSION,
            _("Choose a country to see which missions a source confirms there."),
            _(
                "Make an appointment before you go. The page of the mission gives the hours "
                "and says how to make one."
            ),
        ),
        more=(contacts.MISSIONS,),
        flow="faq",
        preset=(("faq_topic", "missions"),),
        neighbours=("where.office", "where.hotline", "permit.visa"),
    ),
    Answer(
        intent="where.office",
        label=button("Offices"),
        opening=(
            offices.AKIMAT,
            offices.POLICE,
            offices.COUNTER,
            offices.CAREER,
        ),
        more=(contacts.UNIFIED, offices.FUND),
        neighbours=("where.mission", "where.hotline", "kandas.apply"),
    ),
    Answer(
        intent="where.hotline",
        label=button("Phone numbers"),
        opening=(
            Together(
                (
                    contacts.UNIFIED,
                    contacts.FAMILY_LINE,
                    _(
                        "From abroad these numbers may not work. Then ask a mission, or an officer"
                        " here."
                    ),
                )
            ),
            safety.UNHCR,
            living.BRIBES,
        ),
        more=(living.LEGAL_HELP, contacts.MISSIONS),
        neighbours=("where.office", "where.mission", "person.wanted"),
    ),
    Answer(
        intent="where.fund",
        label=button("Otandastar"),
        opening=(
            Together(
                (
                    offices.FUND,
                    _(
                        "We have not found the telephone number of the fund. An officer"
                        " or a mission can name an association of Kazakhs abroad."
                    ),
                )
            ),
        ),
        more=(offices.MISSION,),
        neighbours=("where.mission", "where.hotline", "registry.what"),
    ),
)
