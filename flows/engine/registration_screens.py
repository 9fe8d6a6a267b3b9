"""Screens about the state of the person's registration."""

from collections.abc import Iterator
from datetime import date

from flows.engine import household_screens, labels, registration_history, screens
from flows.engine.conditions import Is
from flows.engine.events import Button, Notice
from flows.engine.fast_replace import replace
from flows.engine.flow import Answer, Flow, Form, Path, path
from flows.engine.household import HouseholdAnswered
from flows.engine.options import Option
from flows.engine.questions import NO, YES, YesNo
from flows.engine.registration import Acknowledged, AnswerRegistry, PlatformStep, RegistrationStatus
from flows.engine.state import Conversation
from flows.engine.text import Text, _
from flows.engine.turn import TurnState

OPEN_UPDATE = "!open"
# Name of the question whose answer is the consent to be notified of updates.
UPDATES_QUESTION = "write_first"
ASKED = _("The registry asks you this. Your answer goes to the registry.")
NO_LONGER = _("The registry no longer asks this. Nothing was sent.")
UNTIL = _("The registry names this as the last day: {day}")
NO_LAST_DAY = _("The registry names no last day.")
WE_WRITE = _(
    "The registry needs nothing from you now. We will write to you here when it reports something"
    " new."
)
LOOK_AGAIN = _("The registry needs nothing from you now. You can look here again at any time.")
LAST_STEP = _(
    "This is the last step that the registry reports. If you have a question, press"
    " “{talk_to_a_person}”.",
    talk_to_a_person=labels.TALK_TO_A_PERSON,
)
# Translators: {button} is the label of a button.
UNSENT = _(
    "If you changed an answer, the change has not been sent yet. To check and send it, press"
    " “{button}”."
)
READ_ON = _("Press “{next_steps}” to read what comes next.", next_steps=labels.NEXT_STEPS)
WAITING = frozenset({"received", "answered", "duplicate", "passed_on", "accepted"})
"""States in which the registry or the authorities work, unless a step is the person's turn."""


def show_status(turn: TurnState) -> None:
    known = turn.c.registration
    more = [flow for flow in turn.flows.values() if _is_offered(flow, known)]
    lines = screens.paper_lines(more, turn.c.papers)
    if lines:
        turn.notes.append(lines)
    if known is None:
        return turn.say_and_reprompt(screens.NO_REGISTRATION)
    turn.notes += [lines for lines in _life(turn, known) if lines]
    note_unsent(turn, labels.CHANGE_AN_ANSWER)
    asks = any(flow.answers_to for flow in more)
    state = "question" if asks and known.state == "needs_information" else known.state
    may_link = household_screens.may_link(known)
    more_ways = (Option("household", household_screens.LINK_FAMILY),) if may_link else ()
    state = _without_promise(turn, state)
    turn.ask_screen(screens.registered_screen(state, known.number, more, more_ways))


def note_unsent(turn: TurnState, label: Text) -> None:
    """If a change of the registration was begun and not sent, say so and name a button to press."""
    changes = (flow for flow in turn.flows.values() if flow.registers and flow.name in turn.c.forms)
    if turn.has_registration and any(not turn.form(flow).submitted for flow in changes):
        turn.notes.append((_(UNSENT.msgid, button=label),))


def is_closed(turn: TurnState, flow: Flow) -> bool:
    """Return True if the form of a registration was sent and is not being changed.

    The form is closed during a withdrawal, too. Otherwise the withdrawal of the earlier
    registration would end while the new one is open.
    """
    known = turn.c.registration
    return known is not None and (turn.form(flow).submitted or known.state == "withdrawing")


def sent_text(turn: TurnState) -> Text:
    """Return the text after the form was sent to the registry."""
    return screens.registration_text(_without_promise(turn, "sent"), "")


def _without_promise(turn: TurnState, state: str) -> str:
    """Return the state whose text to show, without a promise of a message to muted people."""
    promises = state == "sent" or state not in screens.REGISTRATION
    return "on_its_way" if promises and turn.c.muted else state


def without_registration(c: Conversation) -> Conversation:
    """Return the conversation without its registration and the states of papers sent for it.

    Papers that were not sent yet can be sent for the next registration.
    """
    unsent = {paper: state for paper, state in c.papers.items() if state == "checked"}
    return replace(c, registration=None, papers=unsent)


def without_papers_on_their_way(c: Conversation) -> Conversation:
    """Return the conversation without papers on their way, whose files a withdrawal deletes.

    A file that the registry accepts nevertheless is reported later.
    """
    papers = {paper: state for paper, state in c.papers.items() if state != "sending"}
    return replace(c, papers=papers)


def note_sent(turn: TurnState, *, may: bool) -> None:
    """Store that the person's registration was sent to the registry.

    `may`: the person consented to be notified of the registry's later responses.
    """
    known = turn.c.registration or RegistrationStatus("sent")
    if known.state == "withdrawn":
        turn.c = without_registration(turn.c)
        known = RegistrationStatus("sent", known.number)
    known = replace(known, state="sent", write_first=may, reason="", question=None)
    turn.c = replace(turn.c, registration=known)


def take_acknowledged(turn: TurnState, event: Acknowledged) -> None:
    before = turn.c.registration or RegistrationStatus(event.state)
    now = replace(
        before,
        state=event.state,
        number=event.number,
        reason=event.reason,
        question=event.question,
        step=event.step,
        history=registration_history.extend_history(before, event, turn.today),
    )
    turn.c = replace(turn.c, registration=now)
    if event.state == "withdrawn":
        turn.c = without_papers_on_their_way(turn.c)
        household_screens.end(turn)
        _renew_changes(turn)
    # After sending, the person expects the registry's response. Other reports are announced only
    # with consent, and only if the person would read something new.
    awaited = before.state in ("sent", "answered", "withdrawing") and now.state != before.state
    awaited = event.is_response or (awaited and not event.before_response)
    is_due = awaited or (before.write_first and registration_history.has_news(before, now))
    if is_due and not turn.c.muted:
        announce_update(turn)


def _renew_changes(turn: TurnState) -> None:
    """Ask again for the consent to a registration that is being changed and was withdrawn."""
    for flow in turn.flows.values():
        if flow.registers and flow.name in turn.c.forms and not turn.form(flow).submitted:
            turn.put_form(flow, turn.renewed_form(flow))


def send_answer(turn: TurnState, flow: Flow, path: Path) -> None:
    """Send the person's answer to the registry, unless the registry no longer asks the question.

    The answer also becomes that of the registration's form. Otherwise a later change of the
    registration would send the earlier answer again, or none.
    """
    known = turn.c.registration
    item = flow.questions()[0]
    value = path.answers.get(item.name)
    if known is None or not known.question or known.question.about != flow.answers_to or not value:
        return turn.notes.append((NO_LONGER,))
    turn.effects.append(AnswerRegistry(known.question, item.name, value))
    for each in turn.flows.values():
        if each.registers and each.name in turn.c.forms:
            turn.put_form(each, _corrected(each, turn.form(each), item.name, value))
    turn.c = replace(turn.c, registration=replace(known, state="answered", question=None))
    turn.notes.append((screens.registration_text("answered", known.number),))


def _corrected(flow: Flow, form: Form, name: str, value: str) -> Form:
    """Return the form with the answer `value` to the question `name`.

    If the person left out the optional questions, of which this is one, the question that offers
    them gets the answer yes, and the others are skipped. If the question does not apply for another
    reason, the form is returned unchanged.
    """
    question = flow.find(name)
    offering = (
        flow.find(question.when.question) if question and isinstance(question.when, Is) else None
    )
    offer = form.answers.get(offering.name) if isinstance(offering, YesNo) else None
    if offering is not None and offer is not None and offer.value == NO.key:
        form = form.put(offering.name, replace(offer, value=YES.key))
        for step in path(flow, form).steps:
            if not step.ok and step.item.skippable:
                form = form.put(step.key, Answer(None, step.item.rev, step.signature))
    for step in path(flow, form).steps:
        if step.key == name:
            form = form.put(name, Answer(value, step.item.rev, step.signature))
    return form


def take_household_answered(turn: TurnState, event: HouseholdAnswered) -> None:
    """Store the registry's response to a change of the household, and announce an update."""
    if household_screens.record_outcome(turn, event) and not turn.c.muted:
        announce_update(turn)


def withhold_update(turn: TurnState, notice: Notice) -> None:
    """Withhold a message, and send a notice that it waits, without its content.

    No further notice is sent until the person opens the message.
    """
    if turn.c.update_waits:
        return
    turn.c = replace(turn.c, update_waits=True)
    opening = (Button(OPEN_UPDATE, screens.OPEN),)
    turn.say(((screens.UPDATE,),), opening, service=True, notice=notice)


def announce_update(turn: TurnState) -> None:
    """Announce an update without its content, because other people may see the phone's screen."""
    opening = (Button("!status", screens.OPEN),)
    turn.say(((screens.UPDATE,),), opening, service=True, notice=Notice.UPDATE)


def _is_offered(flow: Flow, known: RegistrationStatus | None) -> bool:
    asked = known.question.about if known and known.question else ""
    return flow.follows and flow.answers_to in ("", asked)


def _life(turn: TurnState, known: RegistrationStatus) -> Iterator[tuple[Text, ...]]:
    """Yield the paragraphs about a registration: history, open question, step, next action."""
    yield tuple(registration_history.lines(known))
    yield tuple(registration_history.reason(known))
    yield tuple(household_screens.lines(known, turn.today))
    step = known.step if known.step and registration_history.step_lines(known.step) else None
    about = known.question.about if known.question else ""
    has_answer = any(flow.answers_to == about for flow in turn.flows.values())
    if known.question and (known.question.until or has_answer):
        yield (_until(known.question.until),)
    if step is not None:
        yield from _step(turn, step)
    # If this version does not know the platform's step, it does not know either whether the person
    # has to act.
    if step is not None or known.step is None:
        is_notified = known.write_first and not turn.c.muted
        yield tuple(_next_thing(known, step, is_notified=is_notified))


def _next_thing(
    known: RegistrationStatus, step: PlatformStep | None, *, is_notified: bool
) -> Iterator[Text]:
    """Yield texts on whether the person only has to wait, and where next steps are explained."""
    if known.state not in WAITING or (step and step.status == "NOT_DONE"):
        return
    if step and (step.step, step.status) == (registration_history.LAST_STEP, "DONE"):
        yield LAST_STEP
    elif step is None or not registration_history.is_persons_turn(step):
        yield WE_WRITE if is_notified else LOOK_AGAIN
    if step is None and known.state == "accepted":
        yield READ_ON


def _step(turn: TurnState, step: PlatformStep) -> Iterator[tuple[Text, ...]]:
    lines = registration_history.step_lines(step)
    is_due = step.until is not None or registration_history.is_persons_turn(step)
    yield (*lines, _until(step.until)) if is_due else tuple(lines)
    for flow in turn.flows.values():
        if flow.explains is not None:
            yield from ((text,) for text in flow.explains(step.step, step.status, turn.today))


def _until(day: date | None) -> Text:
    return NO_LAST_DAY if day is None else _(UNTIL.msgid, day=day)
