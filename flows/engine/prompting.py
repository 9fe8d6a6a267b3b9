"""Asks the next question, which depends on the state of the conversation and of the open form."""

from itertools import takewhile

from flows.engine import (
    announcement_screens,
    checklist_screens,
    hint_screens,
    household_screens,
    labels,
    limit_screens,
    lookup_screens,
    pin_screens,
    referral_screens,
    registration_screens,
    screens,
)
from flows.engine.edition import notices
from flows.engine.effects import Done, OpenCase, SendPapers
from flows.engine.events import Button, Kind, Page
from flows.engine.fast_replace import replace
from flows.engine.flow import (
    Consent,
    Flow,
    Form,
    HandoffOffer,
    Path,
    Review,
    Step,
    Upload,
    options,
    shown,
)
from flows.engine.options import Option
from flows.engine.progress import progress
from flows.engine.questions import Phone
from flows.engine.state import waits
from flows.engine.text import Text, _, button
from flows.engine.turn import FILE, TurnState, ephemeral_answers, option_buttons, submission


def ask(
    turn: TurnState, found: tuple[Option, ...] = (), page: int = 0, question_key: str = ""
) -> None:
    """Ask the current question, with the options of its page number `page`, counted from 0.

    `found` replaces the options if the key of the current question is `question_key`.
    """
    if turn.c.language and turn.c.after_pin:
        return pin_screens.ask_pin(turn)
    if turn.c.language and turn.c.looked_up is not None:
        return lookup_screens.ask(turn)
    if turn.c.language and turn.c.household_code is not None:
        return household_screens.ask_code(turn)
    if turn.c.language and turn.c.hint_step:
        return hint_screens.ask(turn)
    flow_path = turn.path()
    if not turn.c.language:
        ask_language(turn)
    elif turn.c.with_officer:
        _wait_for_officer(turn)
    elif flow_path is None:
        _ask_menu(turn, page)
    elif flow_path[0].hands_over and not limit_screens.may_open(turn, flow_path[0]):
        turn.c = replace(turn.c, flow=turn.c.suspended_flow, suspended_flow="")
        limit_screens.show(turn)
    elif flow_path[0].registers and registration_screens.is_closed(turn, flow_path[0]):
        turn.c = replace(turn.c, flow="")
        pin_screens.status(turn)
    elif (step := flow_path[1].current(turn.form(flow_path[0]).cursor)) is None:
        _finish(turn, *flow_path)
    elif (
        cleaned_form := _without_ephemeral(*flow_path, step, turn.form(flow_path[0]))
    ) is not None:
        turn.put_form(flow_path[0], cleaned_form)
        ask(turn, found, page, question_key)
    else:
        _ask_step(turn, *flow_path, step, found if step.key == question_key else (), page)


def _wait_for_officer(turn: TurnState) -> None:
    back = Button("!menu", screens.BACK_TO_BOT, Kind.CONTROL)
    if not turn.c.requested_upload:
        return turn.say(((screens.WAITING,),), (back,), service=True)
    paper = _paper_name(turn, turn.c.requested_upload)
    wanted = _(screens.PAPER_WANTED.msgid, paper=paper)
    if turn.page is not Page.NEVER:
        turn.notes += [(wanted,), (screens.PAPER_TERMS,)]
        return turn.send_to_page(paper, service=True, protect=True)
    request = ((wanted,), (screens.PAPER_TERMS,))
    turn.say(request, (FILE, back), protect=True, service=True, private=True)


def _paper_name(turn: TurnState, key: str) -> Text:
    """Return the name of a kind of paper, which is the label of the upload question `key`."""
    items = (item for flow in turn.flows.values() for item in flow.questions())
    return next(
        (item.label for item in items if isinstance(item, Upload) and item.paper == key),
        screens.ANOTHER_PAPER,
    )


def ask_language(turn: TurnState) -> None:
    """Ask for the language, in every language."""
    screen = screens.language_screen(turn.words)
    turn.ask_screen(screen, paragraph=turn.in_every_language((screen.text,)))


def _ask_menu(turn: TurnState, page: int = 0) -> None:
    if referral_screens.is_unanswered(turn):
        return referral_screens.ask(turn)
    turn.c = replace(turn.c, heard=None)
    menu = screens.menu_screen(
        turn.flows.values(),
        kept=turn.c.is_persistent,
        registered=turn.c.registration is not None,
        quiet=turn.c.muted,
        model=bool(turn.c.model_operator),
        hints=hint_screens.is_offered(turn),
    )
    if not page:
        turn.notes[:0] = [(each,) for each in notices(turn.today)]
    turn.ask_screen(menu, page=page)


def _ask_step(
    turn: TurnState, flow: Flow, path: Path, step: Step, found: tuple[Option, ...], page: int
) -> None:
    offered = found or options(step, turn.form(flow))
    asked = turn.put_asked(flow.name, step.key, step.item.rev, offered, page)
    private = step.item.sensitive
    if private and turn.page is Page.ALWAYS:
        if isinstance(step.item, Upload) and offered:
            turn.notes.append((_(screens.WRITE_DONE.msgid, word=step.item.done),))
        return turn.send_to_page(step.item.label, skips=step.item.skippable)
    old = shown(step)
    if old is not None and not found:
        suggested = step.answer is not None and waits(step.answer)
        note = screens.SUGGESTED if suggested else screens.EARLIER
        seen = screens.hidden(step, old, hide=turn.c.is_masked)
        turn.notes.append((_(note.msgid, answer=seen),))
    buttons = option_buttons(asked.nonce, offered, page)
    controls = _controls(turn, flow, path, step, asked.nonce)
    turn.say(
        (
            (step.item.text,),
            *screens.details(step, path, hide=turn.page is Page.ALWAYS or turn.c.is_masked),
        ),
        (*buttons, *controls),
        progress=progress(flow, path, step),
        protect=isinstance(step.item, Review),
        private=private,
        by_position=step.item.by_position,
    )


def _controls(
    turn: TurnState, flow: Flow, path: Path, step: Step, nonce: int
) -> tuple[Button, ...]:
    item = step.item
    possible = (
        (shown(step) is not None, f"{nonce}:=", screens.KEEP),
        (item.skippable, f"{nonce}:-", labels.SKIP),
        (path.before(step.key) is not None, f"{nonce}:<", labels.BACK),
        (item.help is not None, "!help", button("Help")),
        (item.sensitive and turn.page is Page.OFFERED, "!page", screens.USE_PAGE),
        (not isinstance(item, HandoffOffer) and not flow.hands_over, "!person", screens.PERSON),
    )
    controls = tuple(Button(load, text, Kind.CONTROL) for use, load, text in possible if use)
    if isinstance(item, Upload):
        return (FILE, *controls)
    if isinstance(item, Phone):
        share = Button(f"{nonce}:@", button("Share my number"), Kind.CONTACT)
        return (share, *controls)
    return controls


def _finish(turn: TurnState, flow: Flow, path: Path) -> None:
    """Apply the outcome of a finished flow, then continue with the suspended flow or the menu."""
    if flow.announces:
        announcement_screens.keep_topics(turn, flow, path)
    if checklist_screens.offer_list(turn, flow, path):
        return
    outcome = flow.outcome(submission(flow, path, turn.form(flow)), turn.today)
    sends_papers = any(isinstance(effect, SendPapers) for effect in outcome.effects)
    if sends_papers and not turn.has_registration:
        return _keep_papers(turn)
    turn.notes += [(text,) for text in outcome.texts]
    turn.effects += [_complete_effect(turn, effect) for effect in outcome.effects]
    cases = [effect for effect in outcome.effects if isinstance(effect, OpenCase)]
    for case in cases:
        limit_screens.note_case(turn, case)
    if sends_papers:
        sent = {
            paper: "sending" if state == "checked" else state
            for paper, state in turn.c.papers.items()
        }
        turn.c = replace(turn.c, papers=sent)
    if flow.registers:
        turn.put_form(flow, replace(turn.form(flow), submitted=True))
        if turn.c.registration is None:
            referral_screens.count(turn)
        may_write_first = path.answers.get(registration_screens.UPDATES_QUESTION) == "yes"
        registration_screens.note_sent(turn, may=may_write_first)
        turn.notes.append((registration_screens.sent_text(turn),))
        if not turn.c.has_pin:
            turn.notes.append((screens.PIN_OFFERED,))
    elif flow.items:
        if flow.answers_to:
            registration_screens.send_answer(turn, flow, path)
        turn.drop_form(flow)
    opens_case = bool(cases)
    turn.c = replace(turn.c, flow=turn.c.suspended_flow, suspended_flow="", with_officer=opens_case)
    ask(turn)


def _keep_papers(turn: TurnState) -> None:
    """Say that no registration can get the papers, and keep them and the form for the next one.

    The registration ended while the person answered the form.
    """
    known = turn.c.registration
    reason = screens.REGISTRATION[known.state] if known else screens.NO_REGISTRATION
    turn.notes += [(reason,), screens.paper_lines(turn.flows.values(), turn.c.papers)]
    turn.c = replace(turn.c, flow=turn.c.suspended_flow, suspended_flow="")
    ask(turn)


def _complete_effect(turn: TurnState, effect: Done) -> Done:
    """Return the effect; if it opens a case (request to an officer), complete the case.

    The case becomes urgent if the person's words are about danger. The case gets the code of the
    invitation that led to it.
    """
    if isinstance(effect, OpenCase):
        urgent = effect.urgent or turn.danger(effect.words).is_urgent
        return replace(effect, urgent=urgent, invitation=turn.c.invitation)
    return effect


def _without_ephemeral(flow: Flow, path: Path, step: Step, form: Form) -> Form | None:
    """Return the form without answers that must not be stored, if a consent precedes `step`.

    Returns None if no consent precedes `step`, or if there are no answers to delete.
    """
    before = takewhile(lambda each: each.key != step.key, path.steps)
    agreed = any(isinstance(each.item, Consent) and each.ok for each in before)
    known = ephemeral_answers(flow, form)
    if not agreed or not known:
        return None
    forgotten = {key: replace(answer, value=None) for key, answer in known.items()}
    return replace(form, answers={**form.answers, **forgotten})
