"""Opens the flow that a reply offers, and fills in answers that the message suggests."""

from flows.engine import (
    announcement_screens,
    checklist_screens,
    commands,
    pin_screens,
    written_language,
)
from flows.engine.events import Button
from flows.engine.fast_replace import replace
from flows.engine.flow import Answer, Consent, Flow, HandoffOffer, Notice, Review
from flows.engine.language_protocol import Reserved
from flows.engine.questions import Choice, CountryQuestion, Number, Question
from flows.engine.replies import Reply
from flows.engine.state import UNASKED
from flows.engine.text import Text, _, button
from flows.engine.turn import TurnState

YOU_ASK = _("Your question: {topic}")
SOMETHING_ELSE = button("Something else")
# Types of questions to which a value that the person's message mentions may be suggested as the
# answer.
SUGGESTED = (Choice, Number, CountryQuestion)
NEVER_SUGGESTED = (Consent, Notice, HandoffOffer, Review)


def open_flow(turn: TurnState, reply: Reply, *, by_sentence: bool = False) -> bool:
    """Open the reply's flow with values from the message; return False if it cannot be opened.

    `by_sentence`: a typed sentence and not a button opens the flow. The sentence may have been
    misunderstood, so a button for another topic is offered too.
    """
    flow = turn.openable(reply.flow)
    if flow is None:
        return False
    turn.c = replace(turn.c, not_understood=0)
    if reply.label is not None and by_sentence:
        name_topic(turn, reply, reply.label)
    if flow.hands_over:
        commands.run(turn, Reserved.PERSON)
        return True
    if reply.label is not None and not by_sentence:
        turn.notes.append((_(YOU_ASK.msgid, topic=reply.label),))
    if turn.c.saved_list is not None and turn.c.saved_list.flow == flow.name:
        checklist_screens.open_list(turn)
    elif flow.announces or pin_screens.guards(turn, flow):
        announcement_screens.enter(turn, flow)
    else:
        turn.open_flow(flow)
        _prefill(turn, flow, reply)
        turn.ask()
    return True


def _prefill(turn: TurnState, flow: Flow, reply: Reply) -> None:
    """Fill in answers that the reply implies, and suggest values that the message mentioned.

    A suggested value becomes an answer only when the person confirms it. An implied answer replaces
    an earlier one, because the person asks about it now; the implied answer "" deletes it.
    """
    entities = turn.c.heard.entities if turn.c.heard else {}
    suggested = turn.understanding.suggest(entities) if turn.understanding else {}
    form, preset = turn.form(flow), dict(reply.preset)
    answers = {key: value for key, value in form.answers.items() if preset.get(key) != ""}
    form = replace(form, answers=answers)
    for name, value in {**suggested, **preset}.items():
        question, known = flow.find(name), name in preset
        kept = name in form.answers and not known
        if question is None or kept or not _is_suggestable(question, value):
            continue
        form = form.put(name, Answer(value, question.rev if known else UNASKED))
    turn.put_form(flow, form)
    turn.c = replace(turn.c, heard=None)


def _is_suggestable(question: Question, value: str) -> bool:
    fits = isinstance(question, SUGGESTED) and not isinstance(question, NEVER_SUGGESTED)
    return fits and not question.sensitive and question.accepts(value)


def name_topic(turn: TurnState, reply: Reply, label: Text) -> None:
    """Name the recognized topic above its flow or command, with a button for another topic."""
    buttons = (something_else(reply), *written_language.buttons(turn))
    turn.say(((_(YOU_ASK.msgid, topic=label),),), buttons, leaves=False)


def something_else(reply: Reply) -> Button:
    return Button(f"?else.{reply.intent}", SOMETHING_ELSE)
