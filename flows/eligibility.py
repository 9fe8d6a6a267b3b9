"""Flow that shows the usual ways to come to Kazakhstan, with reasons, steps and costs.

A way is a permit, card or status. The flow decides nothing and rejects no one. A person for whom no
way is known is referred to an officer. No answer is stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from flows.engine import labels
from flows.engine.blocks import caution, folded, more, title
from flows.engine.conditions import Answers, all_of, holds, not_
from flows.engine.effects import Submit
from flows.engine.flow import Flow, Outcome
from flows.engine.text import Text, _, button
from flows.knowledge import (
    cards,
    documents,
    kandas,
    living,
    pilot_2026,
    quota,
    registry,
    settling,
)
from flows.knowledge.facts import Fact, ending, fact_texts
from flows.knowledge.intents.answer import Part, part_texts
from flows.knowledge.intents.cautions import KEEP, LEFT, NO_PROOF
from flows.knowledge.intents.permits import any_visa
from flows.knowledge.offices import AKIMAT, MISSION, POLICE
from flows.knowledge.origins import SAFETY_FIRST, origin_of
from flows.knowledge.programmes import CITIZEN as WITH_CITIZENSHIP
from flows.knowledge.requirements import STATELESS_TOO
from flows.paragraphs import joined, lines, numbered
from flows.situation import (
    CITIZENSHIP,
    FORMER_NOW,
    KAZAKH_NOW,
    PAPERS_NOW,
    PLACE,
    PURPOSE_NOW,
    TROUBLE_NOW,
)

NO_DECISION = _(
    "This is what people in a situation like yours usually apply for. It is not a decision: "
    "the authorities decide."
)
PERSON_FIRST = caution(
    _("It is best to talk to an officer first; the rest can wait. Take no risks for a paper.")
)
CITIZEN_ALREADY = _(
    "You are a citizen of Kazakhstan. These programmes are for people who are not citizens "
    "yet. An officer can help with other questions."
)
FORMER = caution(
    _(
        "You are or may be a former citizen of Kazakhstan. Other rules may apply to you, and only "
        "an officer can say which. Meanwhile, here is what else there is."
    )
)
NOT_KAZAKH = _(
    "The kandas status is for ethnic Kazakhs. Other people can apply for other papers, such "
    "as the permit for permanent residence. An officer can look at your case."
)
MAY_BE_KAZAKH = _(
    "You are not sure whether you are an ethnic Kazakh. An officer can look at your case."
)
WAY = _("What people usually apply for: {way}.")
# Translators: the heading of a section to unfold; {way} is another permit, card or status.
OTHER_WAY = _("People also apply for: {way}")
# Translators: the heading of a section to unfold; {way} is a permit, a card or a status.
MORE_ABOUT_WAY = _("More about this: {way}")
MONEY = _("Support and its conditions")
# Translators: the heading of a section to unfold.
ENTRY = _("Entry, stay and where to turn")
NO_WAY = _(
    "We have no checked information about this. It may still be possible: ask an officer, an "
    "embassy or a consulate."
)
WHY_ONE_DAY = _("If you want to live in Kazakhstan later.")
WHY_STATUS = _("You said that you want to live in Kazakhstan as an ethnic Kazakh.")
WHY_CARD = _("You said that you want to work or do business in Kazakhstan as an ethnic Kazakh.")
WHY_STUDY = _("You said that you want to study in Kazakhstan as an ethnic Kazakh.")
WHY_PERMIT = _("You said that you want to live in Kazakhstan permanently.")
STATUS = _("the kandas status")
PERMIT = _("the permit for permanent residence")
CARD = _("the Ata Zholy card")
STUDY = _("a study grant or a preparatory place")
FIRST_STEP = _("Your first step: {step}")
STEPS = _("All steps, in order:")
GET_IIN = _("Get an individual identification number (IIN) at a State Corporation office.")
ASK_FIRST = _("Before you travel, ask an officer how to begin from abroad.")
APPLY = _("Apply with your papers. Make your list under “{my_papers}”.", my_papers=labels.MY_PAPERS)
AFTERWARDS = _(
    "After that you apply for the residence permit and for citizenship. An officer can tell "
    "you which comes first."
)
HOW_LONG = _(
    "How long it takes: this differs, and the rules change. Ask an officer how long it takes now."
)
COSTS = _(
    "What it costs: translations, the notary, the apostille and state fees. We do not know "
    "the exact amounts; ask before you pay."
)
NOT_SURE_OR_QUICK = _(
    "We cannot promise that it will be quick, or that you will get it. An "
    "embassy or consulate can tell you how it works now."
)
PROMISED = caution(
    _(
        "Nobody can promise or sell you the kandas status, money, a home or a place in the quota: "
        "no officer and no helper."
    )
)
SUPPORT = _(
    "Do you need money for the move? See “{support}” for what help there is and how "
    "many people get it.",
    support=labels.SUPPORT,
)
MAY_REGISTER = _("You can be noted in the registry of ethnic Kazakhs abroad without moving.")
ASK = _("A person can help with all of this. What you chose here is not kept.")


# People who gave up their citizenship may still name it when asked for one.
CITIZEN = all_of(WITH_CITIZENSHIP, not_(TROUBLE_NOW.is_("gave_up")))
# Permits and statuses for which a person first passes the stages of the pilot project.
AFTER_THE_PILOT = frozenset({"kandas_status", "prp"})


@dataclass(frozen=True, slots=True)
class Way:
    """A usual way to come to Kazakhstan: a permit, card or status.

    `why` is the reason why it may fit the person. `steps` are in order. The first of the `facts` is
    the legal basis. `costs` and `remarks` are about cost and time. For the first way, `costs` and
    `remarks` are shown at once, and all steps and facts can be unfolded.
    """

    key: str
    name: Text
    why: Text
    steps: tuple[Text, ...]
    facts: tuple[Fact, *tuple[Part, ...]]
    remarks: tuple[Text, ...] = ()
    costs: tuple[Fact, ...] = ()


def ways(answers: Answers, today: date) -> tuple[Way, ...]:
    """Return the permits, cards and statuses for these answers whose legal basis is in force."""
    return tuple(way for way in _ways(answers, today) if way.facts[0].current(today))


def _ways(answers: Answers, today: date) -> Iterator[Way]:
    kazakh = answers.get("ethnic_kazakh") != "no"
    purpose = answers.get("purpose")
    if purpose in ("work", "business") and kazakh:
        yield _card()
    if purpose == "study" and kazakh:
        yield Way("study", STUDY, WHY_STUDY, (), (settling.GRANTS, cards.VISA))
    status = kazakh and answers.get("former_citizen") == "no"
    if purpose in ("move", "information") and status:
        why = WHY_STATUS if purpose == "move" else WHY_ONE_DAY
        yield _status(answers, why, today)
    if purpose == "move":
        visa = any_visa(answers.get("citizenship") or "")
        yield _other_permit(visa) if status else _permit(visa if kazakh else (), today)


def _card() -> Way:
    facts = (cards.ATA_ZHOLY, cards.ATA_ZHOLY_RIGHTS, cards.ATA_ZHOLY_NUMBERS)
    return Way("ata_zholy", CARD, WHY_CARD, (), facts, (NOT_SURE_OR_QUICK,))


def _status(answers: Answers, why: Text, today: date) -> Way:
    """Return the kandas status as a `Way`.

    For people who are or may be abroad, the first step is no visit to an office in Kazakhstan.
    """
    citizenship = settling.NO_DUAL if holds(CITIZEN, answers) else STATELESS_TOO
    decided = (kandas.COMPLETENESS, kandas.COMMISSION, kandas.DECISION)
    iin = documents.IIN.fact
    number = (GET_IIN,) if iin.is_shipped(today) else fact_texts((iin,), today)
    inside = answers.get("location") == "kazakhstan"
    first = number if inside else (ASK_FIRST,)
    later = (joined(*number, documents.NO_JOURNEY),) if number and not inside else ()
    done = (*later, APPLY, *fact_texts(decided, today), AFTERWARDS)
    steps = (*first, *_pilot(today), *done)
    facts = (kandas.DEFINITION, kandas.CHANNELS, kandas.VALIDITY, citizenship)
    return Way("kandas_status", STATUS, why, steps, facts, (HOW_LONG,), (kandas.FEE,))


def _permit(visa: tuple[Part, ...], today: date) -> Way:
    """Return the residence permit as a `Way`, for people to whom the kandas status is not offered.

    `visa` has the texts on the visas with which ethnic Kazakhs apply. `visa` is empty for other
    people.
    """
    kazakhs = (*visa, settling.SOLVENCY) if visa else ()
    steps = (*_pilot(today), APPLY)
    return Way("prp", PERMIT, WHY_PERMIT, steps, (settling.CARD, *kazakhs), (HOW_LONG,))


def _other_permit(visa: tuple[Part, ...]) -> Way:
    """Return the residence permit as the second `Way`, shown after the kandas status.

    It has no steps, because the kandas status above it already shows the same steps.
    """
    more_facts = (pilot_2026.BEFORE_PERMIT, *visa, settling.SOLVENCY)
    return Way("prp", PERMIT, WHY_PERMIT, (), (settling.CARD, *more_facts))


def _pilot(today: date) -> tuple[Text, ...]:
    """Return the steps of the state's pilot project of 2026.

    If editors extended only the fact on the whole pilot, return this fact in place of the steps.
    """
    pilots: tuple[Fact, ...] = (
        pilot_2026.TEST,
        pilot_2026.QUESTIONNAIRE,
        pilot_2026.CHECK,
        pilot_2026.INTERVIEW,
    )
    if not any(pilot.current(today) for pilot in pilots) and pilot_2026.PHASE.current(today):
        pilots = (pilot_2026.PHASE,)
    return fact_texts(pilots, today)


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome(tuple(result_texts(answers.answers, today)))


def result_texts(answers: Answers, today: date) -> Iterator[Text]:
    """Yield the complete answer of the flow, paragraph by paragraph, for a person's answers."""
    if answers.get("citizenship") == "KZ":
        yield from (CITIZEN_ALREADY, ASK)
        return
    yield from _urgent(answers, today)
    yield NO_DECISION
    yield from _reservations(answers, today)
    found = ways(answers, today)
    if any(way.key in AFTER_THE_PILOT for way in found):
        yield from ending(pilot_2026.PHASE, today)
    yield from _first_way(found[0], today) if found else (NO_WAY, COSTS)
    stay = tuple(_stay(answers, today))
    yield from stay
    yield from _general_advice(answers, today)
    for at, way in enumerate(found):
        yield from _other_way(way, today) if at else _details(answers, way, today)
    around = [text for text in _entry_and_offices(answers, today) if text not in stay]
    yield from (more(ENTRY, tuple(around)),) if around else ()
    if _may_get_support(answers):
        yield from _folded_facts(MONEY, (pilot_2026.TWO_TRACKS, quota.SHARE), today)
    yield ASK


def _urgent(answers: Answers, today: date) -> Iterator[Text]:
    """Yield urgent texts: danger, the end of a stay, papers to get before leaving, citizenship."""
    person_origin, place = origin_of(answers), answers.get("location")
    if person_origin.dangerous and place != "kazakhstan":
        yield SAFETY_FIRST
    if place in ("kazakhstan", "unsaid"):
        yield from map(caution, fact_texts(person_origin.ends, today))
    if person_origin.leaving is not None:
        if place in ("origin", "unsaid"):
            yield from map(caution, fact_texts((person_origin.leaving,), today))
        if place in ("kazakhstan", "elsewhere"):
            yield LEFT
    # The kandas status leads to citizenship, and its facts speak of a single citizenship.
    status = any(way.key == "kandas_status" for way in ways(answers, today))
    if (status or answers.get("purpose") == "move") and holds(CITIZEN, answers):
        yield KEEP


def _first_way(way: Way, today: date) -> Iterator[Text]:
    """Yield the permit, card or status that comes first: reason, first step, cost and time."""
    yield title(_(WAY.msgid, way=way.name))
    yield way.why
    if way.steps:
        yield title(_(FIRST_STEP.msgid, step=way.steps[0]))
    else:
        yield from fact_texts(way.facts[:1], today)
    yield from fact_texts(way.costs, today)
    yield COSTS
    yield from way.remarks


def _details(answers: Answers, way: Way, today: date) -> Iterator[Text]:
    """Yield foldable texts on the permit, card or status that comes first: all its steps, facts."""
    if way.steps:
        yield folded(lines(STEPS, numbered(way.steps)))
    unproven = answers.get("ethnicity_papers") in ("no", "unsure")
    # The commission's recommendation is a paper of the kandas status only.
    proof = (kandas.ROLE,) if unproven and way.key == "kandas_status" else ()
    facts = (*proof, *(way.facts if way.steps else way.facts[1:]))
    yield from _folded_facts(_(MORE_ABOUT_WAY.msgid, way=way.name), facts, today)


def _other_way(way: Way, today: date) -> Iterator[Text]:
    """Yield one foldable text about another permit, card or status for which people may apply."""
    facts = part_texts((*way.costs, *way.facts), today)
    yield more(_(OTHER_WAY.msgid, way=way.name), (way.why, *way.remarks, *facts))


def _folded_facts(heading: Text, facts: tuple[Part, ...], today: date) -> Iterator[Text]:
    if current := part_texts(facts, today):
        yield more(heading, current)


def _reservations(answers: Answers, today: date) -> Iterator[Text]:
    """Yield reasons to talk to an officer before choosing a permit, card or status."""
    if answers.get("trouble") not in ("none", None):
        yield PERSON_FIRST
    if answers.get("former_citizen") in ("yes", "unsure"):
        yield FORMER
    match answers.get("ethnic_kazakh"):
        case "no":
            yield NOT_KAZAKH
        case "unsure":
            yield MAY_BE_KAZAKH
    if answers.get("ethnicity_papers") in ("no", "unsure"):
        yield NO_PROOF


def _stay(answers: Answers, today: date) -> Iterator[Text]:
    """Yield how long a person who is in Kazakhstan now may stay there.

    Yield nothing if the urgent texts already state when the stay ends.
    """
    person_origin = origin_of(answers)
    if answers.get("location") == "kazakhstan" and not fact_texts(person_origin.ends, today):
        yield from fact_texts(person_origin.inside, today)
        if person_origin.stay_open is not None:
            yield person_origin.stay_open


def _entry_and_offices(answers: Answers, today: date) -> Iterator[Text]:
    """Yield the rules of entry and stay for the citizenship, and facts about offices."""
    yield from fact_texts(_entry(answers), today)
    if (unchecked := origin_of(answers).stay_open) is not None:
        yield unchecked
    yield from fact_texts(_offices(answers), today)


def _general_advice(answers: Answers, today: date) -> Iterator[Text]:
    """Yield texts about support, legal help and the registry, and a warning against fraud."""
    if _may_get_support(answers):
        yield from (SUPPORT,) if quota.SHARE.current(today) else ending(quota.PLACES, today)
    if not holds(CITIZEN, answers):
        yield from fact_texts((living.LEGAL_HELP, living.LEGAL_BUREAU), today)
    if answers.get("purpose") == "information" and answers.get("ethnic_kazakh") != "no":
        yield joined(MAY_REGISTER, registry.NO_PROMISE)
    yield PROMISED


def _may_get_support(answers: Answers) -> bool:
    return answers.get("purpose") == "move" and answers.get("ethnic_kazakh") != "no"


def _entry(answers: Answers) -> tuple[Fact, ...]:
    person_origin = origin_of(answers)
    match answers.get("location"):
        case "kazakhstan":
            return person_origin.inside
        case "unsaid":
            return tuple(dict.fromkeys((*person_origin.entry, *person_origin.inside)))
        case _:
            return person_origin.entry


def _offices(answers: Answers) -> tuple[Fact, ...]:
    """Return facts about offices: local ones for people in Kazakhstan, the missions for all others.

    Addresses are shown only on request.
    """
    return (AKIMAT, POLICE) if answers.get("location") == "kazakhstan" else (MISSION,)


ELIGIBILITY = Flow(
    name="eligibility",
    title=button("What fits me?"),
    items=(
        PURPOSE_NOW,
        KAZAKH_NOW,
        replace(PAPERS_NOW, when=KAZAKH_NOW.is_("yes", "unsure")),
        CITIZENSHIP,
        FORMER_NOW,
        TROUBLE_NOW,
        PLACE,
    ),
    outcome=outcome,
)
