"""Records checked answers in the form of the open flow."""

from flows.engine import registration_screens, screens
from flows.engine.events import DeleteInput
from flows.engine.fast_replace import replace
from flows.engine.flow import Answer, Consent, Flow, Form, HandoffOffer, RepeatingGroup, Step, path
from flows.engine.questions import FreeText
from flows.engine.state import Asked
from flows.engine.text import _
from flows.engine.turn import TurnState


def place_of(turn: TurnState, asked: Asked) -> tuple[Flow, Step] | None:
    """Return the flow and step of the question `asked`; None if the question no longer applies."""
    flow_path = turn.path()
    step = flow_path[1].at(asked.key) if flow_path and flow_path[0].name == asked.flow else None
    if flow_path is None or step is None or step.item.rev != asked.rev:
        return None
    return flow_path[0], step


def record(turn: TurnState, flow: Flow, step: Step, value: str | None, *, typed: bool) -> None:
    answer = Answer(value, step.item.rev, step.signature)
    form = turn.form(flow).put(step.key, answer)
    if isinstance(step.item, Consent) and value == "yes":
        turn.record_consent(step.item)
    is_about_updates = step.item.name == registration_screens.UPDATES_QUESTION
    if flow.registers and is_about_updates and value == "yes":
        # An earlier "stop" no longer holds, because this consent to messages is newer.
        turn.c = replace(turn.c, muted=False)
    turn.put_form(flow, form)
    if typed and step.item.sensitive:
        turn.effects.append(DeleteInput())
    elif typed and value is not None and not isinstance(step.item, FreeText):
        note = _(screens.SAVED.msgid, label=step.item.label, answer=step.item.show(value))
        turn.notes.append((note,))
    turn.ask()


def after_go_on(form: Form, offer: HandoffOffer) -> Form:
    """Return the form after the person declined the offer, with the answers that this changes.

    The answer to the offer itself is not recorded, because the changed answers end the offer.
    """
    for question, value in offer.on_go_on:
        form = form.put(question.name, Answer(value, question.rev))
    return form


def refuse_consent(turn: TurnState, flow: Flow) -> None:
    answers = path(flow, turn.form(flow)).answers
    turn.drop_form(flow)
    turn.c = replace(turn.c, flow=turn.c.suspended_flow, suspended_flow="")
    turn.notes += [(text,) for text in flow.declined(answers, turn.today)]
    turn.ask()


def tick_option(turn: TurnState, flow: Flow, step: Step, key: str) -> None:
    form = turn.form(flow)
    chosen = form.members.get(step.item.name, ())
    if key == "done":
        keys = [each.key for each in step.item.options if each.key in chosen]
        return record(turn, flow, step, ",".join(keys), typed=False)
    rest = tuple(each for each in chosen if each != key)
    ticked = rest if key in chosen else (*chosen, key)
    turn.put_form(flow, replace(form, members={**form.members, step.item.name: ticked}))
    turn.replaces = True
    turn.ask()


def change_members(turn: TurnState, flow: Flow, many: RepeatingGroup, key: str) -> None:
    form = turn.form(flow)
    members = form.members.get(many.name, ())
    if key == "add":
        members = (*members, str(turn.c.nonce))
    else:
        gone = key.partition(".")[2]
        members = tuple(member for member in members if member != gone)
    lost = set(form.members.get(many.name, ())) - set(members)
    kept = {
        name: answer for name, answer in form.answers.items() if name.partition("@")[2] not in lost
    }
    changed = {**form.members, many.name: members}
    turn.put_form(flow, replace(form, answers=kept, members=changed, cursor=None))
    turn.ask()
