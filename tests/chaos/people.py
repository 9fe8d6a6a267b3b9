"""Simulated people who read the questions, answer them, and talk to officers.

A word is a text message to an officer.
"""

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
# Answer by question: a button's key if the question has that button, otherwise text. Other
# questions are skipped.
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
# Texts that no question accepts, sent together. Kosh answers the first text; all later ones get one
# answer together.
LINES_SHARE, LINES = 0.04, ("qqq", "zzz", "xxx")
# Share of bursts of messages to an officer that begin with other input, for example a sticker. Kosh
# answers this input, but not the messages to an officer.
ANSWERED_SHARE = 0.5
REGISTERS_EVERY = 4
MAX_BEHIND, WAIT_SECONDS = 100, 0.05


@dataclass(frozen=True)
class InventedPerson:
    """A simulated person: their chat, and a name that must not appear in any other chat."""

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
        """Return True if the person pre-registers before talking to an officer."""
        return self.number % REGISTERS_EVERY == 0

    def word(self, number: int) -> str:
        """Return the person's message number `number` to the officer; each has a different text."""
        return f"{self.canary} {number}"

    def answer(self, question: str) -> str:
        values = {"surname": self.canary, "birth_year": str(self.birth_year), "words": self.word(0)}
        return (values | ANSWERS).get(question, SKIPPED)


def _texts(*flows: Flow) -> dict[str, str]:
    render = Languages((LANGUAGE,)).render
    return {render(item.text, LANGUAGE): item.name for flow in flows for item in flow.questions()}


QUESTIONS = _texts(PREREGISTRATION, OFFICER)


def learn(texts: Mapping[str, str], answers: Mapping[str, str]) -> None:
    """Add an older release's questions and answers; those of this release take precedence."""
    QUESTIONS.update({**texts, **QUESTIONS})
    ANSWERS.update({**answers, **ANSWERS})


def question(screen: Screen) -> str:
    """Return the name of the question on a screen; "" if there is none."""
    found = [text for text in QUESTIONS if text in screen.text]
    return QUESTIONS[max(found, key=len)] if found else ""


@dataclass
class ActionRate:
    """Rate limit for all people together: `rate` actions a second on average, at random times.

    While many updates wait on a slow machine, people pause.
    """

    rate: float
    chance: random.Random
    platform: Platform
    _next: float = 0.0

    async def turn(self) -> None:
        """Wait until a person may act without exceeding the rate."""
        while self.platform.behind > MAX_BEHIND:  # noqa: ASYNC110 — the platform sends no signal
            await asyncio.sleep(WAIT_SECONDS)
        now = time.monotonic()
        self._next = max(now, self._next + self.chance.expovariate(self.rate))
        await asyncio.sleep(self._next - now)


@dataclass
class SimulatedPerson:
    """A simulated person who uses the messenger; `patience` is in seconds.

    `sent` is the number of updates that this person caused at the platform.
    """

    person: InventedPerson
    platform: Platform
    pace: ActionRate
    chance: random.Random
    patience: float
    answered: int = 0
    sent: int = 0
    old: list[str] = field(default_factory=list)

    async def walk(self) -> None:
        """Answer the bot's questions until an officer has the conversation."""
        await self._do("start")
        while (screen := await self._next()) is None or screen.nonce:
            if screen is None:
                await self._do("start")
            elif not _newer(screen, self.answered):
                # The reply to the last answer is late. Kosh may already ask the next question,
                # which other texts would answer. The repeated answer is accepted before the next
                # press, because presses and texts are delivered in different queues.
                await self._respond(screen)
                await self._until_accepted()
            elif self.chance.random() < LINES_SHARE and await self._lines(screen):
                self.answered = screen.nonce - 1
            elif self.chance.random() < JUNK_SHARE and await self._junk():
                # After input that no question expects, Kosh shows the current screen again with the
                # same number. The screen still has to be answered.
                self.answered = screen.nonce - 1
            else:
                await self._respond(screen)

    async def talk(self, words: range, enough: Callable[[], bool]) -> None:
        """Send the officer the messages with these numbers in bursts, without waiting for answers.

        Stop early once `enough` returns True and at least one burst was sent.
        """
        left = list(words)
        while left and not (enough() and len(left) < len(words)):
            burst, left = left[: (most := self.chance.randint(1, 3))], left[most:]
            for _word in burst:
                await self.pace.turn()
            if self.chance.random() < ANSWERED_SHARE:
                await self._junk()
            for number in burst:
                await self._do("say", text=self.person.word(number))

    async def _respond(self, screen: Screen) -> None:
        self.answered = screen.nonce
        # Messages with the language choice are never kept as old screens: a press on one would
        # change the language.
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
            registers = self.person.registers and "status" not in screen.buttons
            return PREREGISTRATION.name if registers else OFFICER.name
        return self.person.answer(question(screen))

    async def _junk(self) -> bool:
        """Send input that no question expects; Kosh answers it and changes no state."""
        # Press only buttons of old screens, since one of the current screen would be an answer.
        screen = self.platform.chats[self.person.chat].screen
        current_nonce = screen.nonce if screen else 0
        old = [each for each in self.old if int(each.partition(":")[0]) < current_nonce]
        if old and self.chance.random() < 0.3:
            return await self._do("press", what=self.chance.choice(old))
        verb = self.chance.choice(JUNK)
        return await self._do(verb, **({"text": "?"} if verb == "edit_last" else {}))

    async def _lines(self, screen: Screen) -> bool:
        """Send texts (LINES) to a question that only buttons answer; return True if sent.

        Send none before consent: Kosh keeps its answers in memory until consent, and then moves
        those that the platform has not confirmed to the outbox.
        """
        is_consent = "refuse" in screen.buttons
        if is_consent or not question(screen) or self._answer(screen) not in screen.buttons:
            return False
        for line in LINES:
            await self._do("say", text=line)
        # A text that is delivered after the next press would answer the next question.
        await self._until_accepted()
        return True

    async def _until_accepted(self) -> None:
        """Wait until Kosh has accepted all updates of this person.

        The journal is read with a delay, so it may lack updates that are already sent.
        """
        chat = self.platform.chats[self.person.chat]
        while chat.arrived < self.sent or chat.waiting:
            await chat.changed.wait()

    async def _do(self, verb: str, **what: str) -> bool:
        accepted = await self.platform.act(verb, user=self.person.chat, **what)
        self.sent += accepted
        return accepted

    async def _next(self) -> Screen | None:
        """Wait for a screen newer than the last answered one, then for the turn to act (`Pace`).

        Return the current screen after `patience` seconds without a newer one; None if there is
        none.
        """
        chat = self.platform.chats[self.person.chat]
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                while not _newer(chat.screen, self.answered):
                    await chat.changed.wait()
        await self.pace.turn()
        return chat.screen


def _newer(screen: Screen | None, answered: int) -> bool:
    return screen is not None and (screen.nonce > answered or not screen.nonce)
