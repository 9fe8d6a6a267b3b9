"""Replies to free text: verified answers, flows, commands and small talk."""

from collections.abc import Mapping
from datetime import date
from functools import partial

from flows.engine.hearing import NOT_VERIFIED
from flows.engine.language_protocol import Reserved
from flows.engine.recognition import (
    COUNTRY_OF_ORIGIN,
    COUNTRY_OF_RESIDENCE,
    FAMILY_SIZE,
    REGION,
    Recognizer,
)
from flows.engine.replies import Reply, Understanding
from flows.engine.text import Text, _
from flows.knowledge.intents import BY_ID, Kind
from flows.knowledge.intents.answer import Answer, Part, part_texts
from flows.knowledge.intents.answers import BY_INTENT
from flows.knowledge.safety import SAFETY
from flows.support import AREAS

HELLO = _("Hello! Ask in your own words, or choose a topic.")
THANKS = _("You are welcome. If anything else is unclear, please ask.")
BYE = _("Goodbye, and all the best. You can write again at any time.")
ANGER = _(
    "I am sorry that this was no help. Please say in one sentence what you need, or write"
    " “person” to ask an officer."
)
SMALL_TALK: Mapping[str, Text] = {
    "talk.hello": HELLO,
    "talk.thanks": THANKS,
    "talk.bye": BYE,
    "talk.insult": ANGER,
}
# Intent of a person who wants to correct or withdraw answers.
CORRECTION = "registry.change"
COMMANDS: Mapping[str, Reserved] = {
    "privacy.delete": Reserved.DELETE,
    "person.wanted": Reserved.PERSON,
    "language.change": Reserved.LANGUAGE,
    "registry.status": Reserved.STATUS,
    CORRECTION: Reserved.STATUS,
}
# Intents offered as buttons if no intent was recognized in a text, by what is open: a flow, a
# question ("flow.question"), a screen ("~name"), or nothing (""). "~registered" applies if nothing
# is open and the person has registered.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "": ("way.which", "kandas.documents", "support.money"),
    "preregistration": ("registry.what", "privacy.what", "kandas.term"),
    "preregistration.passport": ("documents.missing", "citizenship.stateless", "permit.expired"),
    "preregistration.ethnicity_papers": (
        "kandas.prove_ethnicity",
        "documents.missing",
        "kandas.dna",
    ),
    "preregistration.target_region": ("support.regions", "support.quota", "support.housing"),
    "preregistration.education": ("documents.diploma", "life.university", "permit.work"),
    "preregistration.relation": ("kandas.spouse", "kandas.children", "kandas.parents"),
    "eligibility": ("kandas.what", "way.which", "kandas.documents"),
    "checklist": ("documents.missing", "documents.apostille", "documents.translation"),
    "support": ("support.money", "support.regions", "support.housing"),
    "interview": ("interview.what", "test.language", "test.practice"),
    "papers": ("documents.photo", "documents.translation", "documents.apostille"),
    "announcements": ("news.read", "pilot.2026", "privacy.what"),
    "~registered": ("registry.change", "registry.application_elsewhere", "kandas.term"),
    "~announcements": ("news.read", "pilot.2026", "privacy.what"),
    "~list": ("documents.missing", "documents.apostille", "documents.translation"),
    "~mine": ("documents.missing", "documents.apostille", "documents.translation"),
    "~delete": ("privacy.delete", "privacy.what", "registry.change"),
}


def _safety_texts(parts: tuple[Part, ...], today: date, _citizenship: str) -> tuple[Text, ...]:
    return part_texts(parts, today)


def _opening(answer: Answer, today: date, citizenship: str) -> tuple[Text, ...]:
    """Return the opening of an answer.

    If the answer has facts and none may be shown today, the last sentence says that the answer is
    not verified.
    """
    lines = part_texts(answer.ordered(citizenship)[0], today)
    return (*lines, NOT_VERIFIED) if answer.lapsed(today) else lines


def _more(answer: Answer, today: date, citizenship: str) -> tuple[Text, ...]:
    """Return the sentences of the answer's `more` that are not already in the opening."""
    opening, more = answer.ordered(citizenship)
    opening_texts = set(part_texts(opening, today))
    return tuple(line for line in part_texts(more, today) if line not in opening_texts)


def reply_of(answer: Answer) -> Reply:
    """Return the engine's `Reply` for an answer of the knowledge base (`flows.knowledge`)."""
    return Reply(
        intent=answer.intent,
        label=answer.label,
        opening=partial(_opening, answer),
        more=partial(_more, answer),
        command=COMMANDS.get(answer.intent),
        flow=answer.flow or "",
        opens=BY_ID[answer.intent].kind is Kind.FLOW,
        preset=answer.preset,
        neighbours=answer.neighbours,
        corrects=answer.intent == CORRECTION,
    )


def _talk(intent: str, line: Text) -> Reply:
    return Reply(intent=intent, opening=lambda _today, _citizenship: (line,))


REPLIES: Mapping[str, Reply] = {
    **{intent: reply_of(answer) for intent, answer in BY_INTENT.items()},
    **{intent: _talk(intent, line) for intent, line in SMALL_TALK.items()},
}


def suggestions(entities: Mapping[str, str]) -> dict[str, str]:
    """Return the form answers, by question name, that the values in a message suggest."""
    found: dict[str, str] = {}
    if origin := entities.get(COUNTRY_OF_ORIGIN):
        found |= {"citizenship": origin}
    if country := entities.get(COUNTRY_OF_RESIDENCE) or entities.get(COUNTRY_OF_ORIGIN):
        found |= {"mission_country": country, "residence_country": country}
    if region := entities.get(REGION):
        area = next((area for area, regions in AREAS.items() if region in regions), "")
        found |= {"target_region": region, "area": area, f"region_{area}": region}
    if people := entities.get(FAMILY_SIZE):
        found |= {"people": people}
    return found


def understanding(
    recognizer: Recognizer,
    model_operator: str = "",
    transcriber: str = "",
    hint_ways: tuple[str, ...] = (),
    sms_countries: tuple[str, ...] = (),
) -> Understanding:
    """Return the data with which the engine answers free text.

    `model_operator` and `transcriber` are the names of those who run the external model and the
    transcription of voice messages, "" if there is none. `hint_ways` are the configured ways
    (`email`, `sms`) of notices outside of the chat. `sms_countries` are the countries whose numbers
    get SMS.
    """
    safety = {intent: partial(_safety_texts, parts) for intent, parts in SAFETY.items()}
    return Understanding(
        recognizer,
        REPLIES,
        safety,
        TOPICS,
        suggestions,
        model_operator,
        transcriber,
        hint_ways,
        sms_countries,
    )
