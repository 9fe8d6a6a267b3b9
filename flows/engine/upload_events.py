"""Upload events: accepts files where a paper was asked for, and reports the results of checks."""

from collections.abc import Mapping
from typing import assert_never

from flows.engine import (
    commands,
    hearing,
    limit_screens,
    registration_screens,
    safety,
    screens,
    typed_text,
    voice_messages,
)
from flows.engine.events import (
    Attached,
    Awaited,
    ConsentGiven,
    DeleteInput,
    Relay,
    TakeFile,
    UploadChecked,
    UploadReceived,
    UploadRequested,
    UploadStatusChanged,
)
from flows.engine.fast_replace import replace
from flows.engine.flow import Flow, Upload
from flows.engine.language_protocol import SAFETY
from flows.engine.recognition import Confidence
from flows.engine.state import Conversation
from flows.engine.turn import TurnState

# Key of a file that an officer requested. The key is used in place of a question's name, because a
# requested file has no question.
REQUESTED = "~wanted"
# RECORDING is the key of a voice recording for an officer, used in place of a question's name.
# RECORDED is the file name under which the case shows the recording.
RECORDING = "~recording"
RECORDED = "voice.ogg"


def awaited_upload(flows: Mapping[str, Flow], c: Conversation) -> Awaited | None:
    """Return the request that a new file would answer: an officer's request, or the open question.

    Returns None if no file is asked for.
    """
    if c.with_officer:
        return Awaited("", REQUESTED, c.requested_upload) if c.requested_upload else None
    asked = c.asked
    flow = flows.get(asked.flow) if asked else None
    item = flow.find(asked.key) if flow and asked else None
    return Awaited(flow.name, item.name, item.paper) if flow and isinstance(item, Upload) else None


def take_event(
    turn: TurnState, event: UploadChecked | UploadStatusChanged | UploadRequested
) -> None:
    match event:
        case UploadChecked(_, key, refusal) if key == RECORDING:
            turn.notes += [(screens.RECORDING_BROKEN,)] if refusal else []
            if not turn.c.has_left:
                turn.ask()
        case UploadChecked(name, key, refusal, hint):
            _upload_checked(turn, name, key, refusal or hint or "ok", good=not refusal)
        case UploadStatusChanged(paper, state):
            turn.c = replace(turn.c, papers={**turn.c.papers, paper: state})
            if turn.c.with_officer and not turn.c.muted and state in screens.PAPER_ANSWERS:
                registration_screens.announce_update(turn)
        case UploadRequested(paper):
            turn.c = replace(turn.c, requested_upload=paper)
            turn.ask()
        case _:
            assert_never(event)


def take_attachment(turn: TurnState, event: Attached) -> None:
    """Accept a file that an officer or a form asked for, or a voice message for an officer."""
    if event.kind == "voice":
        return _take_recording(turn, event)
    place = awaited_upload(turn.flows, turn.c)
    if place is None:
        return refuse_message(turn, event.kind, event.caption)
    turn.effects.append(TakeFile(place, event.ref, event.size))
    turn.c = replace(turn.c, pending_uploads=turn.c.pending_uploads + 1)
    if event.caption:
        _read_caption(turn, event.caption)


def _take_recording(turn: TurnState, event: Attached) -> None:
    """Pass a voice message to the officer.

    If no officer has the conversation, offer a transcription, or say that voice messages cannot be
    heard.
    """
    if not turn.c.with_officer and not event.caption and voice_messages.offer(turn, event):
        return
    if not turn.c.with_officer and not event.caption and limit_screens.is_used_up(turn):
        turn.notes.append((screens.CANNOT_HEAR,))
        return limit_screens.show(turn)
    if not turn.c.with_officer or not event.ref:
        return refuse_message(turn, event.kind, event.caption)
    urgent = turn.danger(event.caption).is_urgent
    if limit_screens.admits_recording(turn, urgent=urgent):
        commands.pass_on(turn, Relay(RECORDED, recording=event.ref))
    else:
        return limit_screens.refuse(turn, event.caption)
    # A recording and its caption are one message, which was already counted against the limit.
    if event.caption:
        commands.relay(turn, event.caption, is_counted=True)


def _read_caption(turn: TurnState, caption: str) -> None:
    """Handle the caption of an accepted file as typed text: a safety word, danger or a question.

    The open question is not asked again here, because it is asked with the result of the file's
    check.
    """
    if turn.c.with_officer:
        return commands.relay(turn, caption)
    word = turn.words.reserved(caption)
    if word in SAFETY:
        return commands.run(turn, word)
    if safety.is_clear(turn, caption):
        return safety.answer(turn, caption)
    safety.note_suspicion(turn, caption)
    is_known = turn.recognize(caption).confidence is not Confidence.UNKNOWN
    if is_known and hearing.answer_question(turn, caption):
        return
    if turn.notes or any(map(str.isalpha, caption)):
        turn.say(((screens.CAPTION_NOT_UNDERSTOOD,),), turn.person_button(), leaves=False)


def _upload_checked(turn: TurnState, name: str, key: str, verdict: str, *, good: bool) -> None:
    """Record the result of a file's check; report all results after the last pending check.

    Nothing is reported after the person closed the chat, because others may hold the phone now.
    """
    flow = turn.flows.get(name)
    item = flow.find(key) if flow else None
    if flow and good and isinstance(item, Upload):
        form = turn.form(flow)
        files = {**form.files, key: form.files.get(key, 0) + 1}
        turn.put_form(flow, replace(form, files=files))
        turn.c = replace(turn.c, papers={**turn.c.papers, item.paper: "checked"})
    if good and key == REQUESTED and turn.c.requested_upload:
        _confirm_requested_upload(turn)
    remaining = max(0, turn.c.pending_uploads - 1)
    turn.c = replace(turn.c, pending_uploads=remaining, verdicts=(*turn.c.verdicts, verdict))
    if remaining:
        return
    verdicts = turn.c.verdicts
    wanted = turn.c.requested_upload if key == REQUESTED and not good else ""
    turn.c = replace(turn.c, verdicts=(), requested_upload=wanted)
    if not turn.c.has_left:
        turn.notes.append(screens.verdicts(verdicts))
        turn.ask()


def _confirm_requested_upload(turn: TurnState) -> None:
    """Record that the requested paper arrived, and the consent that the person gave by sending it.

    The request explained that sending the paper counts as consent.
    """
    turn.effects += [
        ConsentGiven("papers", screens.PAPER_TERMS, turn.c.language),
        UploadReceived(turn.c.requested_upload),
    ]
    turn.c = replace(turn.c, papers={**turn.c.papers, turn.c.requested_upload: "checked"})


def refuse_message(turn: TurnState, kind: str, caption: str = "") -> None:
    """Say that a message of this kind cannot be read; handle its caption as typed text."""
    match kind:
        case "location":
            turn.effects.append(DeleteInput())
            turn.notes.append((screens.NO_LOCATION,))
        case "photo" | "document":
            if not _is_for_somebody(turn, caption):
                turn.effects.append(DeleteInput())
            turn.notes.append((screens.NO_PICTURES,))
        case "voice" if turn.c.language:
            more = () if turn.c.with_officer else (screens.OR_A_PERSON,)
            turn.notes.append((screens.CANNOT_HEAR, *more))
        case "call":
            turn.notes.append((screens.NO_CALLS,))
        case _:
            turn.notes.append((screens.CANNOT_READ,))
    if caption.strip():
        typed_text.handle_text(turn, caption)
    if turn.notes or not caption.strip():
        turn.ask()


def _is_for_somebody(turn: TurnState, caption: str) -> bool:
    """Return True for a caption that an officer will read, or that speaks of danger."""
    if not caption.strip():
        return False
    return turn.c.with_officer or turn.danger(caption).is_urgent
