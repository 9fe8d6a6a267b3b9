"""Intents: the questions that people ask, each with an id by which code and tests find its answer.

The recognizer's training phrases are data files in this package, one for each language.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kind of an intent, which decides how the assistant reacts to a message."""

    ANSWER = "answer"
    FLOW = "flow"
    ACT = "act"
    TALK = "talk"
    DANGER = "danger"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Intent:
    """A question that a message may ask; `about` describes it in English."""

    id: str
    kind: Kind
    about: str


INTENTS: tuple[Intent, ...] = (
    Intent(
        "way.which",
        Kind.FLOW,
        "I want to move to Kazakhstan, where do I begin, which way is mine",
    ),
    Intent("kandas.what", Kind.ANSWER, "what kandas is, who is one, what the status gives"),
    Intent(
        "kandas.apply",
        Kind.ANSWER,
        "how and where to apply for the kandas status, from abroad or in Kazakhstan",
    ),
    Intent(
        "kandas.documents",
        Kind.FLOW,
        "which papers are needed for the kandas status or for a way that isn't named",
    ),
    Intent("kandas.term", Kind.ANSWER, "how long the decision takes, how long to wait"),
    Intent("kandas.refused", Kind.ANSWER, "I was refused, how to appeal"),
    Intent("kandas.extend", Kind.ANSWER, "the status or its year runs out, extension"),
    Intent("kandas.cost", Kind.ANSWER, "what it costs, state fee, is it free"),
    Intent(
        "kandas.prove_ethnicity",
        Kind.ANSWER,
        "no paper names me Kazakh; only a parent, a grandparent, a Soviet paper; mixed parents",
    ),
    Intent("kandas.dna", Kind.ANSWER, "is a DNA test required"),
    Intent("kandas.spouse", Kind.ANSWER, "husband or wife of another ethnicity"),
    Intent("kandas.children", Kind.ANSWER, "children: papers, status, born abroad or here"),
    Intent("kandas.parents", Kind.ANSWER, "bringing old parents or other relatives"),
    Intent("kandas.army", Kind.ANSWER, "military service"),
    Intent(
        "kandas.leave",
        Kind.ANSWER,
        "may I travel or go back, what is lost when leaving, repayment",
    ),
    Intent(
        "documents.missing",
        Kind.ANSWER,
        "a paper is lost, expired, can't be obtained, name differs between papers",
    ),
    Intent("documents.apostille", Kind.ANSWER, "apostille, legalisation, notary"),
    Intent(
        "documents.translation",
        Kind.ANSWER,
        "translation of papers, into which language, where",
    ),
    Intent(
        "documents.diploma",
        Kind.ANSWER,
        "recognition of diploma, doctor or teacher from abroad",
    ),
    Intent("documents.criminal_record", Kind.ANSWER, "certificate of no criminal record"),
    Intent("documents.medical", Kind.ANSWER, "medical certificate, health, tuberculosis, HIV test"),
    Intent("documents.iin", Kind.ANSWER, "IIN: what it is and how to get it"),
    Intent("documents.photo", Kind.ANSWER, "photo requirements, how to send a paper here"),
    Intent("citizenship.how", Kind.ANSWER, "Kazakh citizenship: how, how soon, simplified"),
    Intent("citizenship.dual", Kind.ANSWER, "two citizenships, must I give mine up, when"),
    Intent(
        "citizenship.renounce",
        Kind.ANSWER,
        "how to leave the citizenship of China, Uzbekistan, Mongolia, Russia",
    ),
    Intent("citizenship.stateless", Kind.ANSWER, "I have no citizenship or gave it up too early"),
    Intent(
        "permit.residence",
        Kind.ANSWER,
        "residence permit, temporary stay, registration of address",
    ),
    Intent("permit.visa", Kind.ANSWER, "visa, visa-free days, entry, border"),
    Intent(
        "permit.expired",
        Kind.ANSWER,
        "my stay or visa has run out, fine, deportation (not detention)",
    ),
    Intent("permit.work", Kind.ANSWER, "may I work, work permit, finding work, own business"),
    Intent("card.ata_zholy", Kind.ANSWER, "Ata Zholy card"),
    Intent("card.kazakh", Kind.ANSWER, "Kazakh Card, card for talents"),
    Intent("pilot.2026", Kind.ANSWER, "the pilot of 2026, new rules, what holds from 2027"),
    Intent("test.language", Kind.ANSWER, "language test: who, where, what, cost, exempt, retake"),
    Intent("test.practice", Kind.FLOW, "practise for the test or interview"),
    Intent("interview.what", Kind.ANSWER, "what is asked in the interview, customs, history"),
    Intent(
        "support.money",
        Kind.ANSWER,
        "how much money is given, allowances, monthly payments, subsidy",
    ),
    Intent("support.calculate", Kind.FLOW, "how much would my family get"),
    Intent("support.housing", Kind.ANSWER, "a flat, house, housing certificate, mortgage, rent"),
    Intent(
        "support.quota",
        Kind.ANSWER,
        "the regional quota: what, how to get in, how many places",
    ),
    Intent(
        "support.regions",
        Kind.ANSWER,
        "which regions, where to live, may I live in Almaty, Astana, the south",
    ),
    Intent("support.land", Kind.ANSWER, "land for a farm or a house, livestock"),
    Intent("support.repay", Kind.ANSWER, "must I pay back, when I move away"),
    Intent("support.transport", Kind.ANSWER, "moving goods, car, livestock, customs duty"),
    Intent("life.pension", Kind.ANSWER, "pension"),
    Intent("life.benefits", Kind.ANSWER, "child benefit, disability, social help"),
    Intent("life.health", Kind.ANSWER, "doctor, hospital, insurance"),
    Intent("life.school", Kind.ANSWER, "school, kindergarten"),
    Intent("life.university", Kind.ANSWER, "university, grants, preparatory department"),
    Intent(
        "life.adaptation",
        Kind.ANSWER,
        "adaptation centre, learning the language after arrival",
    ),
    Intent("life.marriage", Kind.ANSWER, "marriage, divorce, registering a birth"),
    Intent("life.driving", Kind.ANSWER, "driving licence, car"),
    Intent("where.mission", Kind.ANSWER, "embassy or consulate: where, phone, hours, appointment"),
    Intent(
        "where.office",
        Kind.ANSWER,
        "office in Kazakhstan: akimat, migration police, State Corporation, career centre",
    ),
    Intent("where.hotline", Kind.ANSWER, "which number can I call"),
    Intent("where.fund", Kind.ANSWER, "Otandastar fund, associations"),
    Intent(
        "registry.what",
        Kind.ANSWER,
        "what the registry is, why register, is it obligatory, who sees it",
    ),
    Intent("registry.register", Kind.FLOW, "I want to register"),
    Intent(
        "registry.status",
        Kind.FLOW,
        "what became of my registration or application sent from here",
    ),
    Intent("registry.change", Kind.FLOW, "correct or withdraw what I sent"),
    Intent(
        "registry.application_elsewhere",
        Kind.ANSWER,
        "I applied at an office or site, no answer yet",
    ),
    Intent("privacy.what", Kind.ANSWER, "what is stored, who reads it, is it safe"),
    Intent("privacy.delete", Kind.ACT, "delete my data"),
    Intent("person.wanted", Kind.ACT, "I want to talk to a person, call me"),
    Intent("fraud.money", Kind.ANSWER, "somebody wants money, an agency, a bribe, is it a fraud"),
    Intent("complaint.officer", Kind.ANSWER, "complaint about an office or officer"),
    Intent("news.read", Kind.FLOW, "news, announcements, subscribe, unsubscribe"),
    Intent("language.change", Kind.ACT, "another language or script"),
    Intent("bot.what", Kind.ANSWER, "who are you, are you a robot, what can you do"),
    Intent("bot.broken", Kind.ANSWER, "it doesn't work, wrong answer, code didn't come"),
    Intent(
        "danger.detained",
        Kind.DANGER,
        "I or a relative is detained, in a camp, in prison, disappeared",
    ),
    Intent(
        "danger.deported",
        Kind.DANGER,
        "about to be deported or sent back now, at the border or airport now",
    ),
    Intent(
        "danger.followed",
        Kind.DANGER,
        "afraid, watched, phone checked, threatened for contacting you",
    ),
    Intent("danger.violence", Kind.DANGER, "violence, trafficking, papers taken away by somebody"),
    Intent("danger.self_harm", Kind.DANGER, "doesn't want to live"),
    Intent("danger.child", Kind.DANGER, "a child alone or in danger"),
    Intent("talk.hello", Kind.TALK, "greeting"),
    Intent("talk.thanks", Kind.TALK, "thanks, or another question follows"),
    Intent("talk.bye", Kind.TALK, "goodbye"),
    Intent("talk.insult", Kind.TALK, "insult, anger without a question"),
    Intent(
        "none.other_topic",
        Kind.NONE,
        "weather, football, other countries' visas, loans, private business: a person is offered",
    ),
    Intent("none.noise", Kind.NONE, "letters or words without sense, emoji only, advertising"),
)

IDS: tuple[str, ...] = tuple(intent.id for intent in INTENTS)
BY_ID: dict[str, Intent] = {intent.id: intent for intent in INTENTS}
