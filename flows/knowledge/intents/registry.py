"""Answers about the registry, privacy, fraud, complaints and the assistant itself."""

from flows.engine import labels
from flows.engine.text import _, button
from flows.knowledge import contacts, kandas, living, offices
from flows.knowledge import registry as known
from flows.knowledge.intents.answer import Answer, Together
from flows.knowledge.intents.cautions import NO_SELLING

REGISTRY = (
    Answer(
        intent="registry.what",
        label=button("What the registry is"),
        opening=(
            known.NO_PROMISE,
            _("Nobody has to register. You can ask everything here without it."),
            _(
                "Who gets what you send, and for how long, is said before you agree. Without your"
                " consent nothing is sent."
            ),
            known.ANNOUNCEMENT,
        ),
        flow="about",
        neighbours=("registry.register", "privacy.what", "kandas.apply"),
    ),
    Answer(
        intent="registry.register",
        label=button("Pre-register"),
        opening=(
            known.NO_PROMISE,
            _(
                "Pre-registration is not the application for the kandas status. You can stop at"
                " any question."
            ),
        ),
        flow="preregistration",
        neighbours=("registry.what", "privacy.what", "kandas.apply"),
    ),
    Answer(
        intent="registry.status",
        label=labels.MY_REGISTRATION,
        opening=(
            _(
                "You can see what you sent from here under “{my_registration}” in the menu. You can"
                " also change it or withdraw it there.",
                my_registration=labels.MY_REGISTRATION,
            ),
        ),
        more=(known.NO_PROMISE,),
        flow="preregistration",
        neighbours=("registry.application_elsewhere", "registry.change", "kandas.term"),
    ),
    Answer(
        intent="registry.change",
        label=button("Correct what I sent"),
        opening=(
            _(
                "You can see what you sent from here under “{my_registration}” in the menu. You can"
                " also change it or withdraw it there.",
                my_registration=labels.MY_REGISTRATION,
            ),
            _("If you withdraw it, nobody asks you for a reason."),
        ),
        flow="preregistration",
        neighbours=("registry.status", "privacy.delete", "person.wanted"),
    ),
    Answer(
        intent="registry.application_elsewhere",
        label=button("No answer yet"),
        opening=(
            _(
                "We cannot see applications made at an office or on another site. Ask where you"
                " applied, with the number of your application."
            ),
            offices.AKIMAT,
            contacts.UNIFIED,
            _("Talk to an officer now if your visa, your stay or your passport ends soon."),
        ),
        more=(kandas.COMPLETENESS, kandas.COMMISSION, kandas.DECISION, kandas.HEARING),
        neighbours=("kandas.term", "registry.status", "complaint.officer"),
    ),
    Answer(
        intent="privacy.what",
        label=button("What is stored"),
        opening=(
            _("Your questions are answered without your name and are not kept."),
            _(
                "What you register is kept only with your consent. Before that you read who gets it"
                " and for how long."
            ),
            known.OTHER_STATES,
            _("Write “delete” at any time to erase everything that is kept about you here."),
            _(
                "Messengers see that you write here. Could that be dangerous for you? Use the"
                " secure page or a phone that is safe."
            ),
        ),
        neighbours=("privacy.delete", "registry.what", "danger.followed"),
    ),
    Answer(
        intent="privacy.delete",
        label=button("Delete my data"),
        opening=(_("Write “delete” at any time to erase everything that is kept about you here."),),
        neighbours=("privacy.what", "registry.change", "person.wanted"),
    ),
    Answer(
        intent="person.wanted",
        label=labels.TALK_TO_A_PERSON,
        opening=(_("You can write to an officer here. Do not write names of other people."),),
        flow="officer",
        neighbours=("where.hotline", "where.office", "where.mission"),
    ),
    Answer(
        intent="fraud.money",
        label=button("Asked for money"),
        opening=(
            _("Do not pay, and do not give your papers to anybody."),
            NO_SELLING,
            kandas.FEE,
            living.BRIBES,
        ),
        more=(
            _("Keep messages and names of those who asked. Talk to an officer if you have paid."),
            Together((_("No helper decides about an application."), kandas.DECISION)),
        ),
        flow="officer",
        neighbours=("kandas.cost", "complaint.officer", "danger.violence"),
    ),
    Answer(
        intent="complaint.officer",
        label=button("Complaint"),
        opening=(
            living.DEADLINE,
            living.COMPLAINT,
            _("Keep the letter and complain soon."),
            living.BRIBES,
        ),
        more=(kandas.HEARING, contacts.UNIFIED),
        flow="officer",
        neighbours=("kandas.refused", "fraud.money", "where.hotline"),
    ),
    Answer(
        intent="news.read",
        label=labels.ANNOUNCEMENTS,
        opening=(_("News comes only to those who ask for it. You can stop it at any time."),),
        flow="announcements",
        neighbours=("pilot.2026", "registry.what", "where.mission"),
    ),
    Answer(
        intent="language.change",
        label=button("Language"),
        opening=(_("You can change the language and the script here at any time."),),
        neighbours=("bot.what", "person.wanted", "way.which"),
    ),
    Answer(
        intent="bot.what",
        label=button("Who are you?"),
        opening=(
            _(
                "This is a computer program, not a person. The program says only what has a"
                " source. Many sources have no date, or we saw only a part of them. The program"
                " decides nothing."
            ),
            _("This assistant helps with papers, ways to apply, support and whom to turn to."),
        ),
        flow="about",
        neighbours=("way.which", "privacy.what", "person.wanted"),
    ),
    Answer(
        intent="bot.broken",
        label=button("It does not work"),
        opening=(
            _("We are sorry. Write “menu” to begin again."),
            _("If an answer here is wrong, tell a person, so that it is corrected."),
        ),
        neighbours=("person.wanted", "registry.status", "language.change"),
    ),
)
