"""Texts about a registration's history and about the steps of the Kandas platform."""

from datetime import date

from flows.engine.edition import plain_date
from flows.engine.registration import Acknowledged, Milestone, PlatformStep, RegistrationStatus
from flows.engine.text import Text, _

MAX_MILESTONES = 30
HAPPENED = _("{day}: {event}")
STATES = {
    "received": _("received, being checked"),
    # Translators: the state of a registration.
    "needs_information": _("the registry has a question"),
    "duplicate": _("received, being checked"),
    # Translators: the state of a registration.
    "passed_on": _("passed on to the office that works on it"),
    # Translators: a registration was accepted by the registry.
    "accepted": _("accepted"),
    "rejected": _("an officer is looking at it"),
    # Translators: a registration was withdrawn by the person.
    "withdrawn": _("withdrawn"),
}
"""Short words for each state; a duplicate reads as received, so that no one can test for it."""
REASONS = {
    "INCOMPLETE": _("The registry’s reason: something is missing."),
    "UNCLEAR": _("The registry’s reason: something is not clear."),
}
STEPS = {
    "TEST": _("Language test"),
    "QUESTIONNAIRE": _("Questionnaire"),
    "CHECK": _("Check by authorities"),
    "INTERVIEW": _("Interview"),
    "COMMISSION": _("Commission"),
    "STATUS": _("Kandas status"),
    "QUOTA": _("Regional quota"),
    "CARD": _("Residence card"),
}
# Steps that the authorities carry out; during these the person only waits.
OF_AUTHORITIES = frozenset({"CHECK", "COMMISSION", "STATUS", "QUOTA"})
LAST_STEP = "CARD"
YOUR_TURN = _("your turn now")
AT_WORK = _("the authorities are working on it")
# Translators: in a history, the day on which a step of the authorities began.
BEGUN = _("begun")
STATUSES = {
    "DONE": _("done"),
    "NOT_DONE": _("not completed"),
}
STEP = _("{step}: {status}")
REPORTED = _("The registry reports a step of the authorities.")


def extend_history(
    before: RegistrationStatus, event: Acknowledged, today: date
) -> tuple[Milestone, ...]:
    """Return the registration's history; append the reported state and step if they are new."""
    new: list[Milestone] = []
    day = plain_date(today)
    last = next((each.state for each in reversed(before.history) if each.state), "")
    state = _shown_state(event.state)
    if state in STATES and state != last:
        new.append(Milestone(day, state, event.reason))
    if event.step is not None and event.step != before.step:
        new.append(Milestone(day, step=event.step))
    return (*before.history, *new)[-MAX_MILESTONES:]


def lines(known: RegistrationStatus) -> list[Text]:
    """Return a line for each state and step in the history; [] if there are fewer than two."""
    found = [(each.day, event) for each in known.history if (event := _event(each)) is not None]
    if len(found) < 2:
        return []
    return [_(HAPPENED.msgid, day=day, event=event) for day, event in found]


def reason(known: RegistrationStatus) -> list[Text]:
    """Return the text for the registry's reason of the state; [] if there is no text for it."""
    text = REASONS.get(known.reason)
    return [text] if text and known.state in ("rejected", "needs_information") else []


def has_news(before: RegistrationStatus, now: RegistrationStatus) -> bool:
    """Return True if the person reads something new about the registration."""
    return _read(before) != _read(now)


def step_lines(step: PlatformStep) -> list[Text]:
    """Return the text of a step of the Kandas platform; none for a code that this version lacks."""
    line = _step(step, AT_WORK if step.step in OF_AUTHORITIES else YOUR_TURN)
    return [] if line is None else [REPORTED, line]


def is_persons_turn(step: PlatformStep) -> bool:
    """Return True if this step requires an action of the person, not of the authorities."""
    return step.status == "OPEN" and step.step not in OF_AUTHORITIES


def _shown_state(state: str) -> str:
    """Return the state that the person reads; a second line about a duplicate would reveal it."""
    return "received" if state == "duplicate" else state


def _read(known: RegistrationStatus) -> tuple[object, ...]:
    state = _shown_state(known.state)
    return state, known.number, reason(known), known.question, known.step


def _event(milestone: Milestone) -> Text | None:
    return _step(milestone.step, BEGUN) if milestone.step else STATES.get(milestone.state)


def _step(step: PlatformStep, opened: Text) -> Text | None:
    name = STEPS.get(step.step)
    status = opened if step.status == "OPEN" else STATUSES.get(step.status)
    return _(STEP.msgid, step=name, status=status) if name and status else None
