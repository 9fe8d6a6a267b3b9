"""Frequent questions with facts as answers; found by typed words in any written form."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.engine import labels
from flows.engine.language_protocol import Words
from flows.engine.text import Text, _, row
from flows.knowledge import (
    cards,
    contacts,
    documents,
    kandas,
    living,
    offices,
    permits,
    pilot_2026,
    quota,
)
from flows.knowledge import entry as entry_rules
from flows.knowledge import settling as rights
from flows.knowledge.intents.answer import Part, Together
from flows.knowledge.intents.cautions import ASK_AKIMAT, CITIZENSHIP_EXAM, KEEP, REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A frequent question: `text` is its likely wording; `remarks` precede the answer's `parts`."""

    key: str
    label: Text
    text: Text
    parts: tuple[Part, ...] = ()
    remarks: tuple[Text, ...] = ()


ENTRIES = (
    Entry(
        key="money",
        label=row("Someone asks for money"),
        text=_(
            "Somebody asks for money for the kandas status or to make it faster. Is it a fraud?"
        ),
        remarks=(
            _(
                "No officer and no helper can sell you the kandas status or a place in the "
                "quota. Do not pay for them. Do not give your papers to anybody, and tell an "
                "officer."
            ),
        ),
        parts=(kandas.FEE,),
    ),
    Entry(
        key="missions",
        label=row("Missions abroad"),
        text=_("Where is the embassy or consulate?"),
        parts=(offices.MISSION, contacts.MISSIONS),
    ),
    Entry(
        key="offices",
        label=row("Offices in Kazakhstan"),
        text=_("Where do I go in Kazakhstan? Which office or telephone line helps?"),
        parts=(
            offices.AKIMAT,
            offices.CAREER,
            offices.POLICE,
            offices.COUNTER,
            offices.FUND,
            *contacts.HOTLINES,
        ),
    ),
    Entry(
        key="next",
        label=row("What happens next"),
        text=_("I have applied. What comes next, and who decides?"),
        remarks=(
            _(
                "You can see what you sent from here under “{my_registration}” in the menu. You "
                "can also change it or withdraw it there.",
                my_registration=labels.MY_REGISTRATION,
            ),
        ),
        parts=(
            kandas.COMPLETENESS,
            kandas.COMMISSION,
            kandas.DECISION,
            kandas.HEARING,
            kandas.CERTIFICATE,
        ),
    ),
    Entry(
        key="two_citizenships",
        label=row("Two citizenships"),
        text=_("May I keep my citizenship, or have two passports?"),
        remarks=(KEEP,),
        parts=(rights.NO_DUAL, rights.STATELESS),
    ),
    Entry(
        key="cost",
        label=row("What it costs"),
        text=_("What does it cost? Which fees are there, and what is free?"),
        parts=(kandas.FEE,),
        remarks=(
            _(
                "Translations, the notary, the apostille and state fees cost money. We do not "
                "know the exact amounts; ask before you pay."
            ),
        ),
    ),
    Entry(
        key="test",
        label=row("Language test"),
        text=_("Is there a test of Kazakh or an interview? How do I register for the exam?"),
        parts=(
            pilot_2026.PHASE,
            pilot_2026.TEST,
            pilot_2026.INTERVIEW,
            Together((CITIZENSHIP_EXAM, rights.EXAM, contacts.TESTS)),
        ),
    ),
    Entry(
        key="visa",
        label=row("Visa and entry"),
        text=_("Do I need a visa? How long may I stay?"),
        parts=(
            cards.CHINA_STAY_ENDS,
            entry_rules.IR_STAY_ENDS,
            cards.CHINA_STAY,
            entry_rules.CN_AGREEMENT,
            *entry_rules.STAYS,
            cards.VISA,
            cards.VISA_PAPERS,
        ),
    ),
    Entry(
        key="apply",
        label=row("How to apply"),
        text=_("How and where do I apply for the kandas status? Can I do it online?"),
        remarks=(KEEP,),
        parts=(
            kandas.CHANNELS,
            kandas.EGOV,
            kandas.PLATFORM,
            kandas.ABROAD_CONSENT,
            rights.MISSIONS_CITIZENSHIP,
        ),
    ),
    Entry(
        key="term",
        label=row("How long it takes"),
        text=_("How many days or months does it take?"),
        remarks=(
            _(
                "How long it takes differs, and the rules change. Ask an officer how long "
                "it takes now."
            ),
        ),
    ),
    Entry(
        key="refusal",
        label=row("I received a refusal"),
        text=_("I was refused. Can I appeal or complain?"),
        remarks=(REFUSED,),
        parts=(living.DEADLINE, living.COMPLAINT, kandas.HEARING),
    ),
    Entry(
        key="no_papers",
        label=row("Ethnicity in papers"),
        text=_("My papers do not state that I am Kazakh. How do I prove my ethnicity?"),
        remarks=(_("An officer can explain what to do. Do not pay anyone to prove it for you."),),
        parts=(kandas.ROLE,),
    ),
    Entry(
        key="apostille",
        label=row("Apostille"),
        text=_("Do my papers need an apostille, legalisation or a translation by a notary?"),
        remarks=(
            _(
                "See “{my_papers}” for what your country's papers need. Have you left that "
                "country, or are you not safe there? Ask an officer what helps instead.",
                my_papers=labels.MY_PAPERS,
            ),
        ),
        parts=(permits.APOSTILLE.fact, permits.LEGALISATION.fact),
    ),
    Entry(
        key="children",
        label=row("Children"),
        text=_("What do my children need? Do they get kindergarten, school and a doctor?"),
        parts=(documents.BIRTH.fact, rights.SCHOOL, rights.HEALTH),
    ),
    Entry(
        key="spouse",
        label=row("My spouse"),
        text=_("My husband or wife is not Kazakh. Which rules apply?"),
        remarks=(
            _("For a husband or wife who is not Kazakh other rules apply. An officer can explain."),
        ),
    ),
    Entry(
        key="south",
        label=row("Near my relatives"),
        text=_("Can I live in the south, in Almaty or Astana, near my relatives?"),
        parts=(
            Together((quota.SOUTH, quota.REGIONS, quota.SHYMKENT)),
            kandas.WHERE_TO_LIVE,
            ASK_AKIMAT,
            quota.PLACES,
        ),
    ),
    Entry(
        key="ata_zholy",
        label=row("Ata Zholy card"),
        text=_("What is the Ata Zholy card, and for which professions or businesses?"),
        parts=(
            cards.ATA_ZHOLY,
            cards.ATA_ZHOLY_VALIDITY,
            cards.ATA_ZHOLY_RIGHTS,
            cards.ATA_ZHOLY_PAPERS,
            cards.ATA_ZHOLY_NUMBERS,
        ),
    ),
    Entry(
        key="kazakh_card",
        label=row("Kazakh Card"),
        text=_("What is the Kazakh Card?"),
        remarks=(
            _(
                "The press has named this card, but we have found no rules for it. An officer "
                "can tell you whether there is such a card."
            ),
        ),
    ),
    Entry(
        key="work",
        label=row("Work and study"),
        text=_("May I work or study? Are there grants, land, housing or customs relief?"),
        parts=(
            rights.WORK,
            rights.GRANTS,
            rights.HOUSING_LIST,
            rights.LAND,
            rights.CUSTOMS,
        ),
    ),
    Entry(
        key="pension",
        label=row("Pension"),
        text=_("Will I get my pension in Kazakhstan?"),
        parts=(rights.PENSION,),
    ),
    Entry(
        key="extension",
        label=row("Kandas extension"),
        text=_("My kandas status runs out. Can it be extended?"),
        parts=(
            kandas.VALIDITY,
            kandas.EXTENSION,
            kandas.EXTENSION_PAPERS,
            pilot_2026.EXTENSION,
            pilot_2026.PHASE,
        ),
    ),
)

MAX_FOUND = 4
# The score of one word that occurs in two questions. A typed text must score more than this to find
# a question, so that “where?” alone finds none.
NEAR = 0.25
type _Index = dict[str, float]

HAN = re.compile("[\u3400-\u9fff]+")
LETTERS = re.compile(r"[^\W\d_]+")
STEM, MIN_WORD_LENGTH = 5, 3
# Marks within Uzbek letters. These marks are deleted, because they would split a word.
JOINERS = {ord(mark): None for mark in "ʻʼ'’‘`"}


def entry(key: str) -> Entry | None:
    """Return the frequent question with the key `key`; None if there is none."""
    return next((each for each in ENTRIES if each.key == key), None)


def find(typed: str, words: Words) -> tuple[Entry, ...]:
    """Return the questions nearest to a text, best first, at most 4; empty if none is near.

    Words are compared by their first letters, because the languages inflect the endings. A word
    counts less, the more questions contain it. No external service is used, and no text is
    generated.
    """
    asked = stems(typed)
    scores = {key: _score(asked, index) for key, index in _indexes(words).items()}
    best = max(scores.values(), default=0.0)
    if best <= NEAR:
        return ()
    near = [each for each in ENTRIES if scores[each.key] > 0.6 * best]
    return tuple(sorted(near, key=lambda each: -scores[each.key])[:MAX_FOUND])


def stems(text: str) -> frozenset[str]:
    """Return the first 5 letters of each word; for Chinese, each pair of adjacent characters."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ء", "")
    pairs = (run[at : at + 2] for run in HAN.findall(plain) for at in range(len(run) - 1))
    letters = LETTERS.findall(HAN.sub(" ", plain).translate(JOINERS))
    return frozenset([*pairs, *(word[:STEM] for word in letters if len(word) >= MIN_WORD_LENGTH)])


def _score(asked: frozenset[str], index: Sequence[_Index]) -> float:
    return max(sum(each.get(stem, 0.0) for stem in asked) for each in index)


def _indexes(words: Words) -> dict[str, Sequence[_Index]]:
    """Return for each question one index per language, which maps each stem to its score."""
    found: dict[str, list[_Index]] = {each.key: [] for each in ENTRIES}
    for language, _name in words.languages():
        by_entry = {each.key: _stems_of(each, words, language) for each in ENTRIES}
        shared = _times(by_entry.values())
        for key, own in by_entry.items():
            found[key].append({stem: 1 / shared[stem] ** 2 for stem in own})
    return {key: tuple(index) for key, index in found.items()}


def _stems_of(each: Entry, words: Words, language: str) -> frozenset[str]:
    return stems(f"{words.render(each.label, language)} {words.render(each.text, language)}")


def _times(sets: Iterable[frozenset[str]]) -> Counter[str]:
    return Counter(stem for own in sets for stem in own)
