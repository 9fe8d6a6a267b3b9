"""Checks of phrases with which editors teach the assistant to recognise an intent.

A phrase is a message as people write it. The text has one phrase per line.
"""

from collections.abc import Iterator

from bot.content.model import Body
from bot.content.phrases import MIN_WORDS, words_of
from bot.editorial.refusals import Blocker, Refusal
from bot.runtime import Runtime
from bot.understanding.engine_adapter import EngineRecognizer
from bot.understanding.skeleton import IS_HAN
from flows.engine.recognition import Danger

MAX_PHRASES, MAX_LETTERS, MIN_HAN = 50, 160, 4


def faults(rt: Runtime, intent: str, body: Body) -> Iterator[Blocker]:
    """Yield a fault for each phrase that cannot be taught for the intent.

    The phrase is too short or too long, is recognised as a message about danger, or has the same
    words as a phrase that was already taught for another intent.
    """
    recognizer = EngineRecognizer.load()
    other_phrases = {
        words_of(recognizer, phrase): found
        for phrase, found in rt.content.snapshot.phrases.items()
        if found != intent
    }
    if not body.texts and not body.silent:
        yield Blocker(Refusal.EMPTY)
    for code, text in body.texts.items():
        lines = text.splitlines()
        if len(lines) > MAX_PHRASES:
            yield Blocker(Refusal.TOO_LONG, code, str(len(lines)))
        for line in lines:
            words = words_of(recognizer, line)
            if len(line) > MAX_LETTERS or _is_short(line, words):
                yield Blocker(Refusal.PHRASE, code, line)
            elif recognizer.read(line, code).recognition.danger is not Danger.NONE:
                yield Blocker(Refusal.DANGER, code, line)
            elif words in other_phrases:
                yield Blocker(Refusal.TAKEN, code, other_phrases[words])


def _is_short(line: str, words: tuple[str, ...]) -> bool:
    han = len(IS_HAN.findall(line))
    return han < MIN_HAN if han else len(words) < MIN_WORDS


def meanings(lines: str) -> Iterator[tuple[str, str]]:
    """Yield each line of `lines` with the intent that the model recognises in the line.

    The intent is "" if the model recognises none.
    """
    recognizer = EngineRecognizer.load()
    for line in lines.splitlines():
        yield line, next(iter(recognizer.read(line, "").recognition.intents), "")
