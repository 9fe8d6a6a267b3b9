"""Plainly invented people who read the questions, answer them, and talk to officers."""

import asyncio
import random
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from bot.i18n import Languages
from flows.engine.flow import Flow
from flows.officer import OFFICER
from flows.preregistration import PREREGISTRATION
from tests.chaos.platform import Platform, Screen

LANGUAGE = "ru"
FIRST_CHAT = 5_000_001
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Answers: pressed where there is such a button, otherwise written; other questions are skipped.
ANSWERS = {
    **{"applying": "self", "adult": "yes", "purpose": "information", "citizenship": "CN"},
    **{"location": "unsaid", "passport": "long", "former_citizen": "no", "trouble": "none"},
    **{"ethnicity_papers": "yes", "risk": "seen", "consent_registration": "yes"},
    **{"ethnic_kazakh": "yes", "residence_country": "CN", "contact": "self", "write_first": "no"},
    **{"details": "no", "review": "submit"},
    **{"topic": "general", "consent_handoff": "yes", "pets": "no"},
}
SKIPPED = "-"
WORD = re.compile(r"TESTOVA[A-Z]{4} (\d+)")
JUNK = ("send_sticker", "send_voice", "send_photo", "send_location", "send_dice", "edit_last")
JUNK_SHARE = 0.08
# Lines that no step understands, sent at once; the first is answered, the others as one text.
LINES_SHARE, LINES = 0.04, ("qqq", "zzz", "xxx")
# A case with an officer takes words without a reply; other input gets one.
ANSWERED_SHARE = 0.5
REGISTERS_EVERY = 4
MAX_BEHIND, WAIT_SECONDS = 100, 0.05


@dataclass(frozen=True)
class Somebody:
    """A person of the test: their chat, and the name that no other person may ever see."""

    number: int

    @property
    def chat(self) -> int:
        return FIRST_CHAT + self.number

    @property
    def canary(self) -> str:
        rest, letters = self.number, ""
        for _place in range(4):
            rest, letter = divmod(rest, len(LETTERS))
            letters += LETTERS[letter]
        return f"TESTOVA{letters}"

    @property
    def birth_year(self) -> int:
        return 1950 + self.number % 50

    @property
    def registers(self) -> bool:
        """Return whether they pre-register, and do not only talk to an officer."""
        return self.number % REGISTERS_EVERY == 0

    def word(self, number: int) -> str:
        """Return a text for the officer, different for each number."""
        return f"{self.canary} {number}"

    def answer(self, question: str) -> str:
        own = {"surname": self.canary, "birth_year": str(self.birth_year), "words": self.word(0)}
        return (own | ANSWERS).get(question, SKIPPED)


def _texts(*flows: Flow) -> dict[str, str]:
    render = Languages((LANGUAGE,)).render
    return {render(item.text, LANGUAGE): item.name for flow in flows for item in flow.questions()}


QUESTIONS = _texts(PREREGISTRATION, OFFICER)


def learn(texts: Mapping[str, str], answers: Mapping[str, str]) -> None:
    """Add the questions of an older release, and answers where today's are not known."""
    QUESTIONS.update({**texts, **QUESTIONS})
    ANSWERS.update({**answers, **ANSWERS})


def question(screen: Screen) -> str:
    """Return the name of the question that a screen asks."""
    found = [text for text in QUESTIONS if text in screen.text]
    return QUESTIONS[max(found, key=len)] if found else ""


@dataclass
class Pace:
    """Rate at which all people together act: at random, `rate` times a second.

    A slow machine is not overloaded: while many updates wait, no person acts.
    """

    rate: float
    chance: random.Random
    platform: Platform
    _next: float = 0.0

    async def turn(self) -> None:
        """Return when it is the caller's time to act."""
        while self.platform.behind > MAX_BEHIND:  # noqa: ASYNC110 — it sends no signal
            await asyncio.sleep(WAIT_SECONDS)
        now = time.monotonic()
        self._next = max(now, self._next + self.chance.expovariate(self.rate))
        await asyncio.sleep(self._next - now)


@dataclass
class Walker:
    """A person who uses the messenger."""

    who: Somebody
    platform: Platform
    pace: Pace
    chance: random.Random
    patience: float
    answered: int = 0
    old: list[str] = field(default_factory=list)

    async def walk(self) -> None:
        """Go from the first message to the point where an officer has the conversation."""
        await self._do("start")
        while (screen := await self._next()) is None or screen.nonce:
            if screen is None:
                await self._do("start")
            elif self.chance.random() < LINES_SHARE and await self._lines(screen):
                self.answered = screen.nonce - 1
            elif self.chance.random() < JUNK_SHARE and await self._junk():
                # The current screen is shown again with the same number, and is still to be
                # answered.
                self.answered = screen.nonce - 1
            else:
                await self._respond(screen)

    async def talk(self, words: range, enough: Callable[[], bool]) -> None:
        """Send `words` texts to the officer in bursts, without waiting for an answer."""
        left = list(words)
        while left and not (enough() and len(left) < len(words)):
            burst, left = left[: (most := self.chance.randint(1, 3))], left[most:]
            for _word in burst:
                await self.pace.turn()
            if self.chance.random() < ANSWERED_SHARE:
                await self._junk()
            for number in burst:
                await self._do("say", text=self.who.word(number))

    async def _respond(self, screen: Screen) -> None:
        self.answered = screen.nonce
        # The person could not read the questions in another language.
        if LANGUAGE not in screen.buttons:
            self.old += [each for each in screen.buttons.values() if each[0].isdecimal()]
        answer = self._answer(screen)
        if answer in screen.buttons:
            await self._do("press", what=screen.buttons[answer])
        else:
            await self._do("say", text=answer)

    def _answer(self, screen: Screen) -> str:
        if LANGUAGE in screen.buttons:
            return LANGUAGE
        if PREREGISTRATION.name in screen.buttons:
            registers = self.who.registers and "status" not in screen.buttons
            return PREREGISTRATION.name if registers else OFFICER.name
        return self.who.answer(question(screen))

    async def _junk(self) -> bool:
        """Send input that no step asks for; it is answered and changes nothing."""
        # A button of the current screen would be an answer, and not the intended one.
        screen = self.platform.chats[self.who.chat].screen
        stands = screen.nonce if screen else 0
        old = [each for each in self.old if int(each.partition(":")[0]) < stands]
        if old and self.chance.random() < 0.3:
            return await self._do("press", what=self.chance.choice(old))
        verb = self.chance.choice(JUNK)
        return await self._do(verb, **({"text": "?"} if verb == "edit_last" else {}))

    async def _lines(self, screen: Screen) -> bool:
        """Send lines one after another where only a button is an answer; return if sent.

        Not before consent, since answers to them that were kept in memory get rows after it.
        """
        is_consent = "refuse" in screen.buttons
        if is_consent or not question(screen) or self._answer(screen) not in screen.buttons:
            return False
        chat = self.platform.chats[self.who.chat]
        arrived = chat.arrived + len(LINES)
        for line in LINES:
            await self._do("say", text=line)
        # A line that comes after the press of a button would answer the question that follows.
        while chat.arrived < arrived or chat.waiting:
            await chat.changed.wait()
        return True

    async def _do(self, verb: str, **what: str) -> bool:
        return await self.platform.act(verb, user=self.who.chat, **what)

    async def _next(self) -> Screen | None:
        """Return the newest screen once it is newer than the last answered one, after a pause.

        After a long silence, return the current screen; None if there is none.
        """
        chat = self.platform.chats[self.who.chat]
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                while not _newer(chat.screen, self.answered):
                    await chat.changed.wait()
        await self.pace.turn()
        return chat.screen


def _newer(screen: Screen | None, answered: int) -> bool:
    return screen is not None and (screen.nonce > answered or not screen.nonce)
