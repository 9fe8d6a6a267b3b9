"""Invented people: each registers, asks questions, and possibly deletes their data.

A person acts as on a phone: they press the newest button with an answer, or type. An act waits for
its reply, except in bursts, whose messages are sent without waiting. The ledger gets every act with
the ids of its updates before the product can answer it.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from tests.chaos.independent.ledger import Ledger
from tests.emulators.telegram import Emulator, Message, User

FIRST_ID = 528_000_000
# Answers to the questions before consent. A question is recognised by the key of a button that no
# other question has; the value is the key of the button to press.
BEFORE_CONSENT = {
    "kk": "ru",
    "preregistration": "preregistration",
    "family": "self",
    "information": "information",
    "stateless": "CN",
    "unsaid": "unsaid",
    "very_short": "long",
    "gave_up": "none",
    "seen": "seen",
    "refuse": "yes",
    "yes": "yes",
}
CITIZEN = "гражданство Казахстана"
ETHNIC = "Документ для ответа не нужен"
FORGOTTEN_SECONDS = 25.0
# Seconds to wait for the reply to the consent. The wait is longer than FORGOTTEN_SECONDS, because
# an accepted consent is always answered.
CONSENT_SECONDS = 120.0
AGAIN_SECONDS = 8.0
# Number of acts until consent (the start and 13 answers) of a person who had to repeat none.
ACTS_TO_CONSENT = 14
# The form after consent: the name of each step, and its answer. Names and year are typed.
FORM = (
    ("ethnic", "yes"), ("surname", "{surname}"), ("given", "{given}"), ("year", "1990"),
    ("country", "CN"), ("contact", "self"), ("news", "no"), ("more", "no"), ("review", "submit"),
)  # fmt: skip
TYPED = {"surname", "given", "year"}
NEWS = "Есть новость"
# Messages whose replies do not depend on what was asked before.
PROBES = ("/help", "/menu", "сколько стоит виза", "можно ли иметь два гражданства")
QUIET_SECONDS = 1.5
WAIT_SECONDS = 2.0
REPLIES = ("sendMessage", "editMessageText")
NUMBER = re.compile(r"KS-\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
ERASED = "Всё, что хранилось здесь о Вас, удалено"
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


class RunEnded(Exception):
    """Raised when the test ends before the person could go on."""


@dataclass
class PersonState:
    """One invented person; `known` after consent, `erased` after the deletion of their data."""

    number: int
    surname: str
    given_name: str
    user: User
    known: bool = False
    erased: bool = False
    nonce: int = 0
    # Id of the message with the first question after consent. Earlier messages are ignored: a lost
    # session before consent may have asked questions with higher numbers.
    first: int = 0
    learns: bool = False

    def plain(self, text: str) -> str:
        """Return a text with placeholders for the person's names and for registration numbers."""
        text = text.replace(self.surname, "{surname}").replace(self.given_name, "{given}")
        return NUMBER.sub("{number}", text)


def payload(message: Message, key: str) -> str | None:
    """Return the data of the message's button with this key."""
    data = [button.data or "" for row in message.buttons for button in row]
    return next((each for each in data if key in (each, each.partition(":")[2])), None)


def keys(message: Message) -> set[str]:
    """Return the keys of the message's buttons."""
    data = (button.data or "" for row in message.buttons for button in row)
    return {each.partition(":")[2] or each for each in data}


def nonce(message: Message) -> int:
    """Return the number of the question that the buttons answer, 0 without buttons."""
    found = (button.data or "" for row in message.buttons for button in row)
    return max((int(n) for n, colon, _key in (each.partition(":") for each in found)
                if colon and n.isdecimal()), default=0)  # fmt: skip


@dataclass
class SimulatedPeople:
    """All people of a test, some of whom act at the same time."""

    ledger: Ledger
    emulator: Emulator
    rng: random.Random
    known: set[int]
    erases: float = 0.5
    lives: list[PersonState] = field(default_factory=list)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    # Time, in seconds since the start of the run, until which people wait for a reply.
    deadline: float = float("inf")
    # The expected replies by label of the act, learned from a person before any fault.
    replies: dict[str, list[str]] = field(default_factory=dict)

    def born(self) -> PersonState:
        """Return a new person with names that occur nowhere else."""
        number = len(self.lives)
        made = ["".join(self.rng.choices(LETTERS, k=8)) for _name in range(2)]
        surname, given = f"ZZ{made[0]}", f"QQ{made[1]}"
        user = self.emulator.user(FIRST_ID + number, first_name=given, last_name=surname)
        life = PersonState(number, surname, given, user)
        self.lives.append(life)
        self.ledger.note("born", life=number, chat=user.id, surname=surname, given=given)
        return life

    async def place(self) -> None:
        """Let one new person after another act, until the test is over."""
        while not self.finished.is_set():
            await asyncio.sleep(self.rng.uniform(0.0, 2.0))
            life = self.born()
            try:
                await self.live(life, erases=self.rng.random() < self.erases)
            except RunEnded:
                return

    async def live(self, life: PersonState, *, erases: bool) -> None:
        """Let the person consent, register, read the decision, ask in bursts, perhaps erase all."""
        await self.consent(life)
        for label, answer in FORM:
            await self.step(life, label, answer.format(surname=life.surname, given=life.given_name))
        await self.receipt(life)
        await self.burst(life, ["/menu"])
        for _burst in range(2):
            await self.burst(life, self.rng.sample(PROBES, self.rng.randint(2, len(PROBES))))
        if erases:
            await self.erase(life)

    async def learn(self) -> None:
        """Before any fault, learn the reply to each act from one person; then erase their data."""
        life = self.born()
        life.learns = True
        await self.consent(life)
        for label, answer in FORM:
            await self.step(life, label, answer.format(surname=life.surname, given=life.given_name))
        await self.receipt(life)
        for line in ("/menu", *PROBES, *reversed(PROBES[:-1]), "/help"):
            await self.burst(life, [line])
        await self.erase(life)
        self.ledger.note("learned", replies=self.replies)

    async def _learn(self, life: PersonState, label: str, since: int) -> None:
        """Wait until nothing more happens, then store the replies.

        Raise AssertionError if they differ from the replies that were learned earlier for this act.
        """
        count = -1
        while count != len(self.ledger.entries):
            count = len(self.ledger.entries)
            await asyncio.sleep(QUIET_SECONDS)
        found = [
            life.plain(entry["text"])
            for entry in self.ledger.entries[since:]
            if entry["kind"] == "call" and entry["method"] in REPLIES
            and entry["status"] == 200 and NEWS not in entry["text"]
        ]  # fmt: skip
        known = self.replies.setdefault(label, found)
        if known != found or not found:
            raise AssertionError(f"the reply to {label!r} varies: {known} and {found}")

    async def probe_all(self) -> None:
        """Let every person who consented and did not delete their data send one last message."""
        there = [life for life in self.lives if life.known and not life.erased]
        await asyncio.gather(*(self._last(life) for life in there))

    async def _last(self, life: PersonState) -> None:
        with suppress(RunEnded):
            await self.burst(life, ["/help"])

    async def act(self, life: PersonState, label: str, do: Callable[[], Awaitable[object]]) -> None:
        """Perform an act, and add it to the ledger with the ids of the updates that it causes."""
        updates = self.emulator.world.updates
        first = updates.next_id
        entry = self.ledger.note(
            "act", life=life.number, chat=life.user.id, label=label, known=life.known
        )
        await do()
        entry["updates"] = list(range(first, updates.next_id))
        self.ledger.note("updates", of=entry["n"], updates=entry["updates"])
        if life.learns and life.known:
            await self._learn(life, label, entry["n"])

    async def seen[T](
        self, life: PersonState, find: Callable[[], T | None], seconds: float
    ) -> T | None:
        """Return the first true result of `find`, called at each change of the chat, or None."""
        try:
            return await life.user.place.changed.until(find, seconds)
        except TimeoutError:
            return None

    async def answered[T](self, life: PersonState, find: Callable[[], T | None]) -> T:
        """Wait for the reply to a person who consented; raise Gone if the test ends before it."""
        while not (found := await self.seen(life, find, WAIT_SECONDS)):
            if self.finished.is_set() and self.is_timed_out():
                self.ledger.note("gave up", life=life.number, chat=life.user.id)
                raise RunEnded
        return found

    def is_timed_out(self) -> bool:
        """Return True if the time in which replies are awaited after the last fault has passed."""
        return self.ledger.seconds() > self.deadline

    async def consent(self, life: PersonState) -> None:
        """Answer the questions up to the consent; begin again if the anonymous session was lost."""
        user, before, question = life.user, (0, ""), ""
        await self.act(life, "start", user.start)
        while True:
            timeout = CONSENT_SECONDS if question == "refuse" else FORGOTTEN_SECONDS
            newest = await self.seen(life, partial(_newest, user, before), timeout)
            if self.finished.is_set() and question != "refuse":
                raise RunEnded
            if newest is not None and ETHNIC in newest.text and await self._settled(life, newest):
                break
            question = _question(newest) if newest is not None else ""
            before = (nonce(newest), newest.text) if newest is not None else before
            if newest is None or not question:
                await self.act(life, "start", user.start)
                continue
            key = "no" if CITIZEN in newest.text else BEFORE_CONSENT[question]
            data = payload(newest, key)
            assert data is not None
            await self.act(life, f"press {key}", partial(user.press, data, newest))
        life.nonce, life.first, life.known = nonce(newest), newest.id, True
        self.known.add(user.id)
        self.ledger.note("known", life=life.number, chat=user.id, nonce=life.nonce)

    async def _settled(self, life: PersonState, newest: Message) -> bool:
        """Wait for late replies from before the consent; return True if none came after `newest`.

        A person who pressed twice or began again may get additional replies. No promise covers
        these.
        """
        updates = self.emulator.world.updates
        acts = [entry for entry in self.ledger.of("act") if entry["life"] == life.number]
        own_updates = {each for entry in acts for each in entry.get("updates", ())}
        with suppress(TimeoutError):
            await updates.settled.until(
                lambda: not own_updates & updates.pending.keys(), CONSENT_SECONDS
            )
        count = len(life.user.chat) if len(acts) == ACTS_TO_CONSENT else -1
        while count != len(life.user.chat):
            count = len(life.user.chat)
            await asyncio.sleep(AGAIN_SECONDS)
        return _last_with_buttons(life.user) == newest

    async def step(self, life: PersonState, label: str, answer: str) -> None:
        """Answer the open question of the form, and wait for the next question."""
        user = life.user
        if label in TYPED:
            await self.act(life, label, partial(user.say, answer))
        else:
            message = next(one for one in reversed(user.received) if nonce(one) == life.nonce)
            data = payload(message, answer)
            assert data is not None, (label, message)
            await self.act(life, label, partial(user.press, data, message))
        life.nonce = await self.answered(life, lambda: newer_question(user, life.nonce, life.first))

    async def receipt(self, life: PersonState) -> None:
        """Wait for the notice of the registry's decision, and press its button."""
        user = life.user
        news = await self.answered(life, lambda: _found(user, NEWS))
        data = payload(news, "!status")
        assert data is not None
        await self.act(life, "status", partial(user.press, data, news))
        await self.answered(life, lambda: _found(user, "KS-"))

    async def burst(self, life: PersonState, lines: list[str]) -> None:
        """Send messages without waiting for replies, then wait until the last one is answered."""
        for line in lines:
            await self.act(life, line, partial(life.user.say, line))
        if not life.learns:
            last_sent = max(one.id for one in life.user.chat if not one.from_bot)
            await self.answered(life, lambda: self._replied(life, lines[-1], last_sent))

    def _replied(self, life: PersonState, line: str, after: int) -> bool:
        """Return True if the last reply expected to a text (`line`) came after message `after`."""
        expected = self.replies[line][-1]
        return any(
            one.id > after and life.plain(one.text) == expected for one in life.user.received
        )

    async def erase(self, life: PersonState) -> None:
        """Ask to delete all data, confirm it, and wait for the reply."""
        user = life.user
        await self.act(life, "delete", partial(user.say, "удалить"))
        confirmation = await self.answered(life, lambda: _with_key(user, "yes", life.nonce))
        data = payload(confirmation, "yes")
        assert data is not None
        await self.act(life, "erase", partial(user.press, data, confirmation))
        await self.answered(life, lambda: _found(user, ERASED))
        life.erased = True
        self.ledger.note("erased", life=life.number, chat=user.id)


def _newest(user: User, before: tuple[int, str]) -> Message | None:
    """Return the newest message with buttons; None if its question and text are those of `before`.

    `before` is the number of a question, and a text.
    """
    found = _last_with_buttons(user)
    return found if found and (nonce(found), found.text) != before else None


def _last_with_buttons(user: User) -> Message | None:
    return next((one for one in reversed(user.received) if one.buttons), None)


def _question(message: Message) -> str:
    """Return the key by which a question before consent is recognised, "" for another message."""
    there = keys(message)
    return next((mark for mark in BEFORE_CONSENT if mark in there), "")


def newer_question(user: User, than: int, since: int) -> int | None:
    """Return the newest question's number if it exceeds `than`; None if there is none.

    Messages before the id `since` are ignored.
    """
    newest = max((nonce(one) for one in user.received if one.id >= since), default=0)
    return newest if newest > than else None


def _found(user: User, text: str) -> Message | None:
    return next((one for one in reversed(user.received) if text in one.text), None)


def _with_key(user: User, key: str, after: int) -> Message | None:
    return next(
        (one for one in reversed(user.received) if payload(one, key) and nonce(one) > after), None
    )
