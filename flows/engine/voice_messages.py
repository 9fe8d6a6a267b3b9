"""Voice messages to the assistant, transcribed by an endpoint that the operator chose.

Each recording needs its own consent. The text counts as the person's words only after the person
has confirmed the text. One sentence about danger precedes the question for consent, and every
screen has a button for talking to an officer.
"""

from zlib import crc32

from flows.engine import hint_screens, household_screens, lookup_screens, pin_screens, safety
from flows.engine.events import Attached, Button, ConsentGiven
from flows.engine.fast_replace import replace
from flows.engine.language_protocol import Refusal
from flows.engine.model_events import Transcribe, Transcribed
from flows.engine.questions import NO, YES
from flows.engine.recognition import Danger
from flows.engine.state import Voice
from flows.engine.text import _
from flows.engine.turn import TurnState

PURPOSE = "transcription"
AGREE, REFUSE = "voice.yes.", "voice.no."
RIGHT, WRONG = "voice.right.", "voice.wrong."
MAX_MINUTES = 2
# Two minutes of speech need less than a quarter of this size.
MAX_BYTES = 2 * 1024 * 1024
MAX_TEXT = 2000

CONSENT = _(
    "May the program of {operator} turn this voice message into text?\n"
    "• What is sent: this one recording, without your name, number or account. A voice can still"
    " be recognised.\n"
    "• Why: you see the text and say whether it is right. Only then do we read it as your words.\n"
    "• {operator} can hear the recording. We do not store it.\n"
    "• If you do not agree, nothing is sent. Then please type."
)
AGREED = _("Thank you. The text comes in a moment. If it does not come, please type.")
REFUSED = _("Understood. The recording is not sent. Please type, or talk to a person.")
HEARD = _("This is the text of your voice message: “{text}”")
IS_RIGHT = _("Is it right? If not, press “No” and type it.")
MISHEARD = _("Thank you. Please type it, in one or two short sentences.")
FAILED = _(
    "We could not turn this voice message into text. Please record a shorter one, 2 minutes at"
    " most, or type."
)


def offer(turn: TurnState, event: Attached) -> bool:
    """Ask for consent to send this recording to the transcription; return False if it cannot be.

    A recording cannot be sent if no transcription is configured, no language is chosen, the chat is
    masked, or the open question is private. If the recording has more than MAX_BYTES, say that it
    could not be transcribed, and return True.
    """
    operator = _operator(turn)
    if not operator or not event.ref or not turn.c.language:
        return False
    if turn.c.is_masked or _is_private(turn):
        return False
    if event.size > MAX_BYTES:
        turn.say_and_reprompt(FAILED)
        return True
    key = f"{crc32(event.ref.encode()):08x}"
    turn.c = replace(turn.c, voice=Voice(key, ref=event.ref))
    consent = _(CONSENT.msgid, operator=operator)
    turn.say(((safety.ONE_SENTENCE,), (consent,)), _yes_and_no(turn, AGREE, REFUSE, key))
    return True


def press(turn: TurnState, pressed: str) -> str | None:
    """Handle a button about the open recording; return None for any other button.

    Returns the text if the button confirms it, and "" for all other buttons about the recording.
    """
    voice = turn.c.voice
    if voice is None:
        return None
    decisions = {f"{AGREE}{voice.key}": True, f"{REFUSE}{voice.key}": False}
    verdicts = {f"{RIGHT}{voice.key}": True, f"{WRONG}{voice.key}": False}
    if voice.ref and pressed in decisions:
        return _decide(turn, voice, agrees=decisions[pressed])
    if voice.text and pressed in verdicts:
        return _confirm(turn, voice, is_right=verdicts[pressed])
    return None


def read_typed(turn: TurnState, text: str) -> str | None:
    """Handle a typed yes or no about the open recording; return the same as `press`.

    Returns None if the text is neither, if there is no open recording, or if the person talks to an
    officer.
    """
    voice = turn.c.voice
    if voice is None or turn.c.with_officer or text.strip().isdecimal():
        return None
    is_yes = turn.words.yes_no(text, turn.c.language)
    if is_yes is None or not (voice.ref or voice.text):
        return None
    if voice.ref:
        return _decide(turn, voice, agrees=is_yes)
    return _confirm(turn, voice, is_right=is_yes)


def take_text(turn: TurnState, event: Transcribed) -> None:
    """Ask whether the transcribed text is right; if it reports danger, show the safety advice.

    Nothing is shown if the person has continued without waiting for the text.
    """
    voice = turn.c.voice
    if voice is None or voice.key != event.key or voice.ref or voice.text:
        return
    text = turn.words.text(event.text, MAX_TEXT)
    if isinstance(text, Refusal):
        turn.c = replace(turn.c, voice=None)
        return turn.say_and_reprompt(FAILED)
    if turn.danger(text) is Danger.CLEAR:
        # Show the safety advice without asking whether the text is right, because the question
        # would leave the text on the screen of a person in danger.
        turn.c = replace(turn.c, voice=None)
        return safety.answer(turn, text)
    safety.note_suspicion(turn, text)
    turn.c = replace(turn.c, voice=replace(voice, text=text))
    transcript = _(HEARD.msgid, text=text)
    turn.say(((transcript,), (IS_RIGHT,)), _yes_and_no(turn, RIGHT, WRONG, voice.key))


def _decide(turn: TurnState, voice: Voice, *, agrees: bool) -> str:
    operator = _operator(turn)
    if not agrees or not operator or turn.c.with_officer:
        turn.c = replace(turn.c, voice=None)
        turn.say_and_reprompt(REFUSED)
        return ""
    if turn.c.is_persistent:
        consent = _(CONSENT.msgid, operator=operator)
        turn.effects.append(ConsentGiven(PURPOSE, consent, turn.c.language))
    turn.effects.append(Transcribe(voice.key, voice.ref, turn.c.language))
    turn.c = replace(turn.c, voice=Voice(voice.key))
    turn.say(((AGREED,),), turn.person_button())
    return ""


def _confirm(turn: TurnState, voice: Voice, *, is_right: bool) -> str:
    turn.c = replace(turn.c, voice=None)
    if is_right:
        turn.typed = True
        return voice.text
    turn.say_and_reprompt(MISHEARD)
    return ""


def _operator(turn: TurnState) -> str:
    return turn.understanding.transcriber if turn.understanding else ""


def _is_private(turn: TurnState) -> bool:
    """Return True if the open question asks for a secret or sensitive answer."""
    asked = turn.c.asked
    question = turn.question(asked) if asked else None
    secrets = (pin_screens.PIN, household_screens.CODE, *lookup_screens.TYPED, *hint_screens.TYPED)
    typed_secret = asked is not None and asked.key in secrets
    return typed_secret or (question is not None and question.sensitive)


def _yes_and_no(turn: TurnState, yes: str, no: str, key: str) -> tuple[Button, ...]:
    pair = (Button(f"?{yes}{key}", YES.label), Button(f"?{no}{key}", NO.label))
    return (*pair, *turn.person_button())
