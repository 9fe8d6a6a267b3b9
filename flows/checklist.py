"""The personal checklist of papers: where to get them, their order, and warnings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from flows import checklist_confirmation, lifetimes, list_changes
from flows.checklist_sources import sources
from flows.eligibility import CITIZEN_ALREADY
from flows.engine import labels
from flows.engine.blocks import Source, caution, item, more
from flows.engine.conditions import Answers, holds
from flows.engine.effects import Submit
from flows.engine.flow import Consent, Entry, Flow, Listing, Outcome
from flows.engine.options import Option
from flows.engine.questions import Choice
from flows.engine.text import Text, _, button
from flows.knowledge import programmes
from flows.knowledge.documents import (
    ETHNICITY,
    HOME,
    IDENTITY,
    IIN,
    KAZTEST,
    NO_JOURNEY,
    Document,
)
from flows.knowledge.facts import Fact
from flows.knowledge.intents.answer import Part, facts_of, part_texts
from flows.knowledge.intents.cautions import KEEP, NO_PROOF
from flows.knowledge.origins import SAFETY_FIRST, Confirmation, origin, origin_of
from flows.knowledge.permits import LEGALISATION, NO_RECORD
from flows.knowledge.programmes import PROGRAMMES, Programme, programme
from flows.knowledge.requirements import PASSPORT_DAYS
from flows.knowledge.where_to_get import AT_MISSIONS
from flows.situation import CHILD_PAPERS, CITIZENSHIP, FAMILY, PAPERS_NOW, PLACE

USUAL = _(
    "Your list: {programme}. These are the papers that are usually asked for, in order. The"
    " authorities decide in each case."
)
NO_LIST = _(
    "Your list: {programme}. We have not checked yet which papers are asked for now. An "
    "officer can tell you."
)
URGENT = caution(
    _(
        "Talk to an officer first if: your visa or stay has ended or ends within 30 days; your "
        "passport has expired or is valid for less than 6 months; or somebody asks you for money."
    )
)
LATE = _("If you do not have this paper with you, do not go back for it: ask an officer.")
UNSAFE = _("If you do not have this paper, do not take risks to get it: ask an officer.")
TRANSLATED = _(
    "If the paper is in another language: a translation into Kazakh or Russian, "
    "attested by a notary."
)
NO_CHILD_PAPER = caution(
    _("If a child has no birth certificate, talk to an officer first. Take no risks for a paper.")
)
SPOUSE = _("For a husband or wife who is not Kazakh other rules apply. An officer can explain.")
RULES = _("The rules behind this list")
ASK = _("Is something missing or unclear? A person can help. What you chose here is not kept.")

PROGRAMME = Choice(
    name="programme",
    label=button("Your aim"),
    text=_("What are the papers for?"),
    among=tuple(Option(each.key, each.name) for each in PROGRAMMES),
    persisted=False,
)
WITH_CITIZENSHIP = PROGRAMME.is_(
    "kandas_status", "prp", "citizenship_simplified", "regional_quota", "ata_zholy", "visa_c10"
)
WITH_FAMILY = PROGRAMME.is_("kandas_status", "prp", "citizenship_simplified", "regional_quota")
# Programmes for which no other paper replaces a missing paper that shows Kazakh ethnicity.
UNPROVEN = frozenset({"ata_zholy", "visa_c10"})
# Programmes that lead to citizenship, so that people may give up their own too early.
TO_CITIZENSHIP = frozenset({"kandas_status", "citizenship_simplified"})
WITH_PROOF = PROGRAMME.is_("kandas_status", "ata_zholy", "visa_c10")


@dataclass(frozen=True, slots=True)
class Paper:
    """An entry of a checklist: a document, and remarks on it for the person's situation."""

    document: Document
    remarks: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist without the person's name, to be shown in the chat, printed or ticked.

    A tick is stored under the document's key (`document.key`), which never changes.
    """

    programme: Programme
    before: tuple[Text, ...]
    papers: tuple[Paper, ...]
    after: tuple[Text, ...]


def checklist(answers: Answers, today: date, keys: tuple[str, ...] = ()) -> Checklist:
    """Return the checklist for a person's answers, made only of facts that are valid on `today`.

    For a stored checklist, `keys` are the keys of its documents. The keys are needed, because the
    choice of documents also depends on where the person is, which is not stored.
    """
    answers = {"location": "unsaid", **answers}
    chosen = programme(answers.get("programme") or "kandas_status")
    keys = keys or chosen.keys(answers)
    valid = {document.key: document for document in chosen.documents(today)}
    found = [valid[key] for key in keys if key in valid]
    papers = tuple(_paper(document, chosen, answers, today) for document in found)
    before = (*_before(chosen, answers, today), *programmes.endings(chosen, today, keys))
    after = tuple(_after(chosen, found, answers, today))
    facts = (
        *(each for document in found for each in _facts(document, chosen, answers)),
        *facts_of((*before, *after)),
    )
    dates = (sources([fact.on(today) for fact in facts if fact.current(today)]),) if found else ()
    rules = part_texts(after, today)
    return Checklist(chosen, part_texts(before, today), papers, (*rules, *dates))


def _paper(document: Document, chosen: Programme, answers: Answers, today: date) -> Paper:
    remarks = [document.fact.on(today).text, *_where(document, answers, today)]
    if document.translated:
        remarks.append(TRANSLATED)
    if document.confirmed and chosen.confirmed:
        remarks.append(checklist_confirmation.remark(answers, today))
    more_facts = _facts(document, chosen, answers)[len(document.facts) :]
    remarks += [fact.on(today).text for fact in more_facts if fact.current(today)]
    return Paper(document, tuple(remarks))


def _facts(document: Document, chosen: Programme, answers: Answers) -> tuple[Fact, ...]:
    """Return the facts of a document, then further facts on it for the programme and the person."""
    days = (PASSPORT_DAYS,) if document is IDENTITY and chosen.key == "prp" else ()
    at_home = answers.get("location") in ("origin", "unsaid")
    missions = origin_of(answers).missions if at_home and document.where in AT_MISSIONS else ()
    return (*document.facts, *days, *missions)


def _where(document: Document, answers: Answers, today: date) -> tuple[Text, ...]:
    """Return sentences about where a person can get a document.

    People must not be sent to a country that they have left or where they are not safe.
    """
    place = answers.get("location")
    if isinstance(document.where, Fact):
        where = document.where.on(today)
        texts = (where.text,) if where.current(today) else ()
        return (*texts, *_not_for_it_alone(document, place))
    # If editors changed the fact about the test, their text may name the place to register.
    if document is KAZTEST and not document.fact.is_shipped(today):
        return ()
    if document.where is not HOME:
        return (document.where,)
    if origin_of(answers).confirmation is Confirmation.LEGALISATION:
        return (UNSAFE,)
    # The police issue this certificate. People are not sent to the police of a country where
    # contact with the police may be dangerous.
    if document is NO_RECORD and origin_of(answers).dangerous and place in ("origin", "unsaid"):
        return (UNSAFE,)
    return {"origin": (HOME,), "unsaid": (HOME, UNSAFE)}.get(place or "unsaid", (LATE,))


def _not_for_it_alone(document: Document, place: str | None) -> tuple[Text, ...]:
    """Return the advice not to travel, or to take no risks, for this document."""
    if document is LEGALISATION:
        return (UNSAFE,)
    return (NO_JOURNEY,) if document is IIN and place != "kazakhstan" else ()


def _before(chosen: Programme, answers: Answers, today: date) -> Iterator[Part]:
    if answers.get("citizenship") == "KZ":
        yield CITIZEN_ALREADY
    yield from _danger(chosen, answers)
    if chosen.key == "prp":
        yield from origin_of(answers).permit
    if answers.get("location") in ("kazakhstan", "unsaid"):
        yield from origin_of(answers).ends
    yield from checklist_confirmation.before_leaving(answers)
    yield from chosen.warnings if holds(programmes.CITIZEN, answers) else chosen.stateless
    yield URGENT
    if answers.get("child_papers") in ("no", "unsure"):
        yield NO_CHILD_PAPER
    if chosen.key in UNPROVEN and answers.get("ethnicity_papers") in ("no", "unsure"):
        yield NO_PROOF


def _danger(chosen: Programme, answers: Answers) -> Iterator[Text]:
    """Yield the warnings without which even the names of the papers can mislead."""
    if origin_of(answers).dangerous:
        yield SAFETY_FIRST
    if chosen.key in TO_CITIZENSHIP and holds(programmes.CITIZEN, answers):
        yield KEEP


def _after(
    chosen: Programme, found: list[Document], answers: Answers, today: date
) -> Iterator[Part]:
    if answers.get("family") in ("spouse", "both"):
        yield SPOUSE
    if any(document.confirmed for document in found) and chosen.confirmed:
        yield from checklist_confirmation.rules(answers, today)
    yield from chosen.facts
    if chosen.key == "citizenship_simplified":
        yield from origin_of(answers).exchange
    if chosen.key == "visa_c10":
        yield from origin_of(answers).entry


def lead(document_list: Checklist) -> Text:
    """Return the checklist's first sentence: the programme, and whether papers are listed."""
    head = USUAL if document_list.papers else NO_LIST
    return _(head.msgid, programme=document_list.programme.name)


def result_texts(document_list: Checklist) -> tuple[Text, ...]:
    """Return the checklist as the paragraphs of a chat message, one for each paper."""
    return (
        lead(document_list),
        *map(caution, document_list.before),
        *(
            item(
                _("{number}. {sentence}", number=number, sentence=paper.document.name),
                *paper.remarks,
            )
            for number, paper in enumerate(document_list.papers, 1)
        ),
        *_rules(document_list),
        ASK,
    )


def _rules(document_list: Checklist) -> Iterator[Text]:
    """Yield the rules that apply to the papers as one foldable text, then the rules' sources."""
    *rules, last = document_list.after or (None,)
    if last is not None and not isinstance(last, Source):
        rules, last = [*rules, last], None
    if rules:
        yield more(RULES, tuple(each for each in rules if each))
    if last is not None:
        yield last


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome(result_texts(checklist(answers.answers, today)))


CONSENT = Consent(
    name="consent_checklist",
    label=button("Consent"),
    purpose="checklist",
    text=_(
        "May we keep this list for you?\n"
        "• What: what the papers are for, your citizenship, who comes with you, which papers there"
        " are, which are on the list, and what you tick. Not your name, and not where you are.\n"
        "• Why: so that you can go on with the list here.\n"
        "• Who: the operator of this assistant keeps it under lock; nobody else gets it.\n"
        "• How long: until {days} days after you last wrote.\n"
        "• Write “delete” at any time to erase it.\n"
        "• If you do not agree, nothing is kept.",
        days=lifetimes.DRAFT_DAYS,
    ),
)
# The kind of upload that ticks a document on the checklist, by document key. People can upload
# these documents after a registration.
SENT = {IDENTITY.key: "identity", ETHNICITY.key: "ethnicity"}


def entries(answers: Answers, today: date, keys: tuple[str, ...] = ()) -> tuple[Entry, ...]:
    """Return the documents of a checklist as entries to tick.

    For a stored checklist, `keys` are the keys of its documents.
    """
    found = (paper.document for paper in checklist(answers, today, keys).papers)
    return tuple(Entry(each.key, each.name, SENT.get(each.key, "")) for each in found)


def _keys(answers: Answers) -> tuple[str, ...]:
    chosen = programme(answers.get("programme") or "kandas_status")
    return chosen.keys({"location": "unsaid", **answers})


def warnings(answers: Answers, today: date, keys: tuple[str, ...] = ()) -> tuple[Text, ...]:
    """Return the texts above a stored checklist: no papers, danger, and rules that end."""
    made = checklist(answers, today, keys)
    empty = () if made.papers else (lead(made),)
    danger = _danger(made.programme, answers)
    ends = programmes.endings(made.programme, today, keys or _keys(answers))
    return (*empty, *danger, *ends)


def reminds(answers: Answers) -> bool:
    """Return True if a reminder about the checklist may be offered.

    No reminder is offered if the person's citizenship is unknown, or if it is of a country where
    receiving a message can do harm.
    """
    citizenship = answers.get("citizenship")
    return citizenship is not None and not origin(citizenship).dangerous


LISTING = Listing(
    consent=CONSENT,
    changes=list_changes.CONSENT,
    traits=list_changes.traits,
    persisted=(PROGRAMME, CITIZENSHIP, FAMILY, CHILD_PAPERS, PAPERS_NOW),
    title=lambda answers: programme(answers.get("programme") or "kandas_status").name,
    keys=_keys,
    entries=entries,
    warnings=warnings,
    reminds=reminds,
)

CHECKLIST = Flow(
    name="checklist",
    title=labels.MY_PAPERS,
    items=(
        PROGRAMME,
        replace(CITIZENSHIP, when=WITH_CITIZENSHIP),
        replace(FAMILY, when=WITH_FAMILY),
        CHILD_PAPERS,
        replace(PAPERS_NOW, when=WITH_PROOF),
        replace(PLACE, when=WITH_CITIZENSHIP),
    ),
    outcome=outcome,
    listing=LISTING,
)
