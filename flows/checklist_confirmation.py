"""How papers are confirmed for Kazakhstan: remarks on a paper, and rules of the list of papers."""

from collections.abc import Iterator
from datetime import date

from flows.engine.conditions import Answers
from flows.engine.text import Text, _
from flows.knowledge.intents.answer import Part
from flows.knowledge.origins import Confirmation, origin_of

CONFIRMED = {
    Confirmation.APOSTILLE: _("Apostille: before you leave for good."),
    Confirmation.TREATY: _(
        "Apostille: not needed, by convention, if your country issued the paper. If another"
        " country did, ask an officer."
    ),
    Confirmation.UNKNOWN: _("Apostille or legalisation: please ask an officer."),
}
SEE_FIRST = _(
    "What to do so that this paper is valid in Kazakhstan: see the beginning of this list."
)
SEE_BELOW = _("What to do so that this paper is valid in Kazakhstan: see below.")
LATE_CONFIRMED = _("Apostille or legalisation: if it is missing, ask an officer.")
NO_TRAVEL = _(
    "If a paper has no apostille or legalisation, do not travel back for it. Tell an officer, "
    "who will look for another way."
)
NO_RISK = _(
    "If a paper has no apostille or legalisation, take no risks for it. Tell an officer, who will"
    " look for another way."
)


def _left(answers: Answers) -> bool:
    """Return True if the person is, or may be, outside the country that issues the papers."""
    return answers.get("location") != "origin"


def _no_travel(answers: Answers) -> Text:
    """Return the warning not to travel back home to get a document.

    If it is not known where the person is, return a weaker warning: to take no risk for a document.
    """
    return NO_TRAVEL if answers.get("location") in ("kazakhstan", "elsewhere") else NO_RISK


def remark(answers: Answers, today: date) -> Text:
    """Return the remark on a paper that the home country confirms."""
    person_origin, law = origin_of(answers), origin_of(answers).law
    if law is None or not law.current(today):
        return LATE_CONFIRMED if _left(answers) else CONFIRMED[Confirmation.UNKNOWN]
    treaty, shipped = person_origin.confirmation is Confirmation.TREATY, law.is_shipped(today)
    if treaty:
        # If editors published another law, only its own text says what applies.
        return CONFIRMED[Confirmation.TREATY] if shipped else SEE_BELOW
    if _left(answers):
        return LATE_CONFIRMED
    # If contact with the home country's authorities is dangerous, only refer to the checklist's
    # section on confirmation, and do not urge people to have papers confirmed.
    if person_origin.leaving is not None:
        return SEE_FIRST
    known = shipped and not person_origin.dangerous
    return CONFIRMED[person_origin.confirmation] if known else SEE_BELOW


def before_leaving(answers: Answers) -> Iterator[Part]:
    """Yield the law and warnings about papers that must be confirmed before leaving the country.

    Some countries confirm papers (by apostille or legalisation) only for people who are still
    there. For all other countries, nothing is yielded.
    """
    person_origin = origin_of(answers)
    if person_origin.leaving is None:
        return
    if answers.get("location") not in ("kazakhstan", "elsewhere"):
        yield person_origin.law or person_origin.leaving
    if _left(answers):
        yield _no_travel(answers)


def rules(answers: Answers, today: date) -> Iterator[Part]:
    """Yield the law on how the home country's papers are confirmed, and warnings.

    The home country is the country of citizenship. If it has a treaty, no warning is needed, unless
    the law has ended or editors published another one. A person known to be outside the country
    gets only the warning against traveling back. If it is not known where the person is, the law
    and a weaker warning are yielded.
    """
    person_origin, law = origin_of(answers), origin_of(answers).law
    if person_origin.leaving is not None:
        return
    treaty = person_origin.confirmation is Confirmation.TREATY
    away = answers.get("location") in ("kazakhstan", "elsewhere")
    if law is not None and (treaty or not away):
        yield law
    if _left(answers) and not (treaty and law is not None and law.is_shipped(today)):
        yield _no_travel(answers)
