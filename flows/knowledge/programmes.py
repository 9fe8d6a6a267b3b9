"""The programmes to apply for: the documents of each programme, in order, with conditions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flows.engine.conditions import ALWAYS, Answers, Condition, Is, all_of, holds, not_
from flows.engine.text import Text, _, row
from flows.knowledge import (
    cards,
    documents,
    kandas,
    living,
    permits,
    pilot_2026,
    quota,
    requirements,
    settling,
)
from flows.knowledge.documents import Document
from flows.knowledge.facts import Fact, ending, fact_texts

CHILDREN = Is("family", frozenset({"children", "both"}))
SPOUSE = Is("family", frozenset({"spouse", "both"}))
FAMILY = Is("family", frozenset({"spouse", "children", "both", "relatives"}))
SHOWN = Is("ethnicity_papers", frozenset({"yes", "unsure"}))
NOT_SHOWN = Is("ethnicity_papers", frozenset({"no", "unsure"}))
# People without any citizenship have none to give up.
CITIZEN = not_(Is("citizenship", frozenset({"stateless"})))
# Facts for people without any citizenship, in place of the warnings not to lose one.
STATELESS = (requirements.STATELESS_TOO, living.LEGAL_HELP, living.LEGAL_BUREAU)
AT_HOME = Is("location", frozenset({"origin"}))
STAMPED = all_of(Is("citizenship", frozenset({"TR"})), AT_HOME)
LEGALISED = all_of(Is("citizenship", frozenset({"IR", "AF"})), AT_HOME)
LEFT = Is("location", frozenset({"kazakhstan", "elsewhere", "unsaid"}))
IN_KAZAKHSTAN = Is("location", frozenset({"kazakhstan"}))

LEFT_OUT = _(
    "Some papers are not on this list, because we have not checked them again. Ask an officer"
    " before you apply."
)


@dataclass(frozen=True, slots=True)
class Need:
    """A document of a programme, which is needed if the answers fulfil the condition `when`."""

    document: Document
    when: Condition = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A programme to apply for.

    `facts` are shown with the programme's list of papers. `warnings` are shown above the list to
    citizens of a country, and `stateless` to people without citizenship. If the programme has a
    `basis`, a list is made only while this fact is current.
    """

    key: str
    name: Text
    needs: tuple[Need, ...]
    facts: tuple[Fact, ...]
    warnings: tuple[Fact, ...] = ()
    stateless: tuple[Fact, ...] = ()
    basis: Fact | None = None
    confirmed: bool = True

    def current(self, today: date) -> bool:
        return self.basis is None or self.basis.current(today)

    def keys(self, answers: Answers) -> tuple[str, ...]:
        """Return the keys of the documents for these answers, also of documents not yet valid."""
        return tuple(need.document.key for need in self.needs if holds(need.when, answers))

    def documents(self, today: date) -> tuple[Document, ...]:
        """Return all documents that are valid on `today`, whatever the answers are."""
        among = self.needs if self.current(today) else ()
        return tuple(need.document for need in among if need.document.fact.current(today))


def needs(*documents: Document) -> tuple[Need, ...]:
    return tuple(Need(document) for document in documents)


TEST_FIRST = needs(documents.KAZTEST, documents.PILOT_QUESTIONNAIRE)
CHILDS_PAPER = Need(documents.BIRTH, CHILDREN)
SPOUSES_PAPER = Need(documents.MARRIAGE, SPOUSE)
# These two papers are listed only for people who are still in their country: people who have left
# would have to return for them.
CONFIRMED = (Need(permits.APOSTILLE, STAMPED), Need(permits.LEGALISATION, LEGALISED))
PROOF = (
    Need(documents.ETHNICITY, SHOWN),
    Need(documents.RECOMMENDATION, NOT_SHOWN),
)

PROGRAMMES = (
    Programme(
        key="kandas_status",
        name=row("Kandas status"),
        needs=(
            Need(documents.IIN, IN_KAZAKHSTAN),
            *TEST_FIRST,
            *needs(documents.APPLICATION, documents.AUTOBIOGRAPHY),
            *needs(documents.IDENTITY, documents.TRANSLATION),
            *PROOF,
            CHILDS_PAPER,
            SPOUSES_PAPER,
            Need(documents.KINSHIP, FAMILY),
            *needs(documents.PURPOSE, documents.HOME_CONSENT),
            Need(documents.MISSION_CONSENT, LEFT),
            # Only offices in Kazakhstan give this number, so people abroad get it last.
            Need(documents.IIN, not_(IN_KAZAKHSTAN)),
        ),
        facts=(kandas.FEE, kandas.VALIDITY, documents.ORIGINALS),
        stateless=STATELESS,
    ),
    Programme(
        key="kandas_extension",
        name=row("Kandas extension"),
        needs=needs(documents.EXTENSION_APPLICATION, documents.EARLIER_STATUS),
        facts=(
            pilot_2026.BASIS,
            kandas.EXTENSION,
            kandas.EXTENSION_PAPERS,
            pilot_2026.EXTENSION,
        ),
        confirmed=False,
    ),
    Programme(
        key="prp",
        name=row("Residence permit"),
        needs=(
            *TEST_FIRST,
            *needs(permits.FORM, documents.IDENTITY, documents.TRANSLATION),
            *needs(permits.NO_RECORD, permits.MEDICAL, permits.HOUSING),
            CHILDS_PAPER,
            Need(permits.CHILD_CONSENT, CHILDREN),
            *CONFIRMED,
            *needs(permits.PHOTO, permits.FEE_RECEIPT, permits.FINGERPRINTS),
        ),
        facts=(
            pilot_2026.BEFORE_PERMIT,
            requirements.CERTIFICATES,
            pilot_2026.CONSENT,
            settling.SOLVENCY,
            settling.CARD,
        ),
        stateless=STATELESS,
    ),
    Programme(
        key="citizenship_simplified",
        name=row("Citizenship"),
        needs=(
            *needs(permits.JOINT_FORM, permits.COMMITMENT, documents.IDENTITY),
            CHILDS_PAPER,
            SPOUSES_PAPER,
            *CONFIRMED,
            Need(permits.RENUNCIATION, CITIZEN),
        ),
        facts=(settling.COMBINED, settling.EXAM),
        warnings=(settling.NO_DUAL, settling.STATELESS),
        stateless=STATELESS,
    ),
    Programme(
        key="regional_quota",
        name=row("Quota and support"),
        needs=(
            *needs(permits.QUOTA_APPLICATION, documents.IDENTITY),
            SPOUSES_PAPER,
            Need(documents.KINSHIP, FAMILY),
        ),
        facts=(quota.SHARE, quota.DUTY, quota.REPAY),
        basis=permits.QUOTA_APPLICATION.fact,
    ),
    Programme(
        key="ata_zholy",
        name=row("Ata Zholy card"),
        needs=(
            *needs(permits.CARD_APPLICATION, documents.IDENTITY, documents.TRANSLATION),
            *needs(documents.ETHNICITY, permits.DIPLOMA, permits.BUSINESS),
        ),
        facts=(
            cards.ATA_ZHOLY,
            cards.ATA_ZHOLY_VALIDITY,
            cards.ATA_ZHOLY_RIGHTS,
            cards.ATA_ZHOLY_NUMBERS,
        ),
    ),
    Programme(
        key="visa_c10",
        name=row("Ethnic Kazakh visa"),
        needs=(
            *needs(documents.IDENTITY, permits.VISA_FORM, permits.PHOTO, permits.COVER_LETTER),
            *needs(documents.ETHNICITY),
        ),
        facts=(cards.VISA,),
        confirmed=False,
    ),
)


def programme(key: str) -> Programme:
    """Return the programme with the key `key`."""
    return next(each for each in PROGRAMMES if each.key == key)


def endings(chosen: Programme, today: date, keys: tuple[str, ...]) -> Iterator[Text]:
    """Yield texts on the pilot and the quota if they end, and on papers that the list leaves out.

    `keys` are the keys of the list's documents.
    """
    over: list[Text] = []
    for fact in ending_facts(chosen):
        # If editors extended only the fact on the whole pilot, the list has no paper of the test.
        only_phase = fact is pilot_2026.PHASE and not documents.KAZTEST.fact.current(today)
        over += fact_texts([fact], today) if only_phase else ending(fact, today)
    yield from over
    if _leaves_out(chosen, today, keys, explained=TEST_FIRST if over else ()):
        yield LEFT_OUT


def _leaves_out(
    chosen: Programme, today: date, keys: tuple[str, ...], explained: tuple[Need, ...]
) -> bool:
    """Return True if a list with papers lacks one whose fact has ended or was withdrawn.

    The end of the papers in `explained` is stated by another text. If they are withdrawn before
    their end, it is not.
    """
    listed = {document.key for document in chosen.documents(today)}
    gone = [
        need
        for need in chosen.needs
        if need.document.key in keys and need.document.key not in listed
        if need not in explained or need.document.fact.on(today).until >= today
    ]
    return bool(gone) and not listed.isdisjoint(keys)


def ending_facts(chosen: Programme) -> tuple[Fact, ...]:
    """Return the facts on the pilot or the quota whose end the programme's list announces."""
    if chosen.key in ("kandas_status", "kandas_extension", "prp"):
        return (pilot_2026.PHASE,)
    return (quota.PLACES,) if chosen.key == "regional_quota" else ()
