"""People and officers of the simulated day: each walks through the chat as on a phone."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial

import aiohttp

from flows.knowledge.faq import ENTRIES
from tests.chaos.independent.ledger import Entry, Ledger
from tests.chaos.independent.people import keys, nonce, payload
from tests.chaos.people import InventedPerson
from tests.console_client import Console
from tests.emulators.telegram import Emulator, Message, User
from tests.sample_files import saved, sheet

LANGUAGES = ("kk", "ru", "zh_Hans", "uz")
BUTTONS = tuple(each.key for each in ENTRIES[:8] if each.key != "missions")
# Typed questions by language. Except in Chinese, the first one asks for the fact that is published
# during the day.
TYPED = {
    "kk": ("Түркия азаматымын, қанша күнге визасыз кіре аламын?",
           "Қандас мәртебесіне қайда өтініш беремін?", "Екі азаматтық болуға бола ма?"),
    "ru": ("безвизовый въезд из турции сколько дней", "как подать на кандаса",
           "можно ли иметь два гражданства"),
    "zh_Hans": ("免签能停多少天", "坎达斯怎么申请", "可以有两个国籍吗"),
    "uz": ("Turkiya fuqarosi necha kun tura oladi Qozog'istonda",
           "Qandas maqomini olish uchun qayerga ariza beraman?", "Ikki fuqarolik bo'ladimi?"),
}  # fmt: skip
# Shares of the people in percent.
SHARES = {"buttons": 57, "typed": 25, "form": 8, "file": 2, "help": 2, "news": 3, "reader": 3}
FORM = (
    *("preregistration", "self", "yes", "information", "CN", "unsaid", "long", "no", "yes"),
    *("none", "seen", "yes"),
)
FORM_WORDS = ("{surname}", "GULNAR", "1990")
FORM_REST = ("CN", "self", "no", "no", "submit")
NEWS = ("announcements", "get", "events", "done", "seen", "yes", "whole", "refuse")
OFFICER = ("officer", "general", "yes")
# Buttons of the questions before consent. If such a button is shown after the consent, the session
# was lost.
UNDECIDED = {"seen", "refuse"}
WORDS = 3
# Maximum seconds to wait for a reply before consent, after consent, and from an officer. Before
# consent nothing durable is stored, so a person without a reply begins again.
TIMEOUT_SECONDS, KNOWN_SECONDS, OFFICER_SECONDS = 20.0, 180.0, 600.0
MAX_TRIES = 8
IDLE_SECONDS = 0.5
CASE = re.compile(r'href="(/console/cases/[0-9a-f-]{36})')
MAX_OPEN, MAX_STEPS = 10, 3
NAME = re.compile(r"(TESTOVA[A-Z]{4}) (\d+)")


@cache
def _photo() -> bytes:
    return saved(sheet(300, 420))


class UnexpectedReply(Exception):
    """Raised if no reply or an unexpected question came; before consent the person begins again."""


@dataclass
class SharedState:
    """Objects that people and officers of the day share: ledger, emulator, URL, uploaded files."""

    ledger: Ledger
    emulator: Emulator
    url: str
    think: float
    first: int = 0
    files: set[str] = field(default_factory=set)
    finished: asyncio.Event = field(default_factory=asyncio.Event)


def screen(user: User) -> tuple[int, int, tuple[str, ...]]:
    """Return id, question number and labels of the newest message with buttons."""
    newest = shown(user)
    return (newest.id, nonce(newest), tuple(newest.labels)) if newest else (0, 0, ())


def shown(user: User) -> Message | None:
    """Return the newest message with inline buttons."""
    return next((one for one in reversed(user.received) if keys(one)), None)


@dataclass
class SimulatedPerson:
    """A simulated person who uses the chat during the day.

    If `learns`, the replies to this person are recorded, and all other people must get the same
    replies.
    """

    shared_state: SharedState
    person: InventedPerson
    kind: str
    language: str
    chance: random.Random
    learns: bool = False
    choice: int = -1
    known: bool = False
    user: User = field(init=False)

    def __post_init__(self) -> None:
        self.user = self.shared_state.emulator.user(self.person.chat)

    def note(self, kind: str, **what: object) -> None:
        """Add an entry about this person to the day's ledger."""
        self.shared_state.ledger.note(
            kind, person=self.person.canary, chat=self.person.chat, **what
        )

    async def live(self) -> None:
        """Do what the person came for; begin again if the session was lost before consent."""
        start = self.shared_state.ledger.seconds()
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "buttons": self.buttons, "typed": self.typed, "form": self.form, "file": self.help,
            "help": self.help, "news": self.news, "reader": self.begin,
        }  # fmt: skip
        self.note("came", activity=self.kind)
        for _try in range(MAX_TRIES):
            try:
                await kinds[self.kind]()
                return self.note("left")
            except UnexpectedReply as why:
                self.note("again", since=start, known=self.known, why=str(why))
                if self.known:
                    break
            with suppress(UnexpectedReply):
                await self.exit()
        self.note("gave up")

    async def exit(self) -> None:
        """Send /exit to clear a session that a fault has damaged, and wait for the reply."""
        last = max((one.id for one in self.user.chat), default=0)

        def cleared() -> bool:
            return any(one.from_bot and one.id > last for one in self.user.chat)

        await self.act("exit", lambda: self.user.say("/exit"), cleared)

    async def act(
        self,
        label: str,
        do: Callable[[], Awaitable[object]],
        seen: Callable[[], object],
        max_seconds: float = 0.0,
    ) -> str:
        """Perform an act and wait for the reply; record the wait and the texts of the reply.

        Raises Again if no reply comes in time, or if the reply shows that the session was lost.
        """
        if not self.learns:
            await asyncio.sleep(self.chance.expovariate(1 / self.shared_state.think))
        ledger, last = self.shared_state.ledger, max((one.id for one in self.user.chat), default=0)
        asked_at, waited, text = ledger.seconds(), None, ""
        limit = max_seconds or (KNOWN_SECONDS if self.known else TIMEOUT_SECONDS)
        await do()
        with suppress(TimeoutError):
            await self.user.place.changed.until(seen, limit)
            waited = ledger.seconds() - asked_at
            new = [one.text for one in self.user.received if one.id > last]
            text = "\n\n".join(new)
        newest = shown(self.user)
        is_lost = bool(newest and payload(newest, self.language)) and label != "start"
        label = f"lost at {label}" if is_lost else label
        self.note("act", label=label, asked=asked_at, waited=waited, text=text, known=self.known,
                  learns=self.learns)  # fmt: skip
        if waited is None or is_lost:
            raise UnexpectedReply(f"no reply to {label}" if waited is None else label)
        return text

    async def say(self, text: str, label: str = "") -> str:
        """Type a message, and wait for a newer message with buttons."""
        return await self.act(label or "said", lambda: self.user.say(text), self._newer(asked=True))

    async def go(self, *wanted: str, label: str = "") -> None:
        """Press the buttons with these keys one after another, each on the newest message."""
        for at, key in enumerate(wanted):
            newest = shown(self.user)
            data = payload(newest, key) if newest else None
            if newest is None or data is None:
                raise UnexpectedReply(f"no button {key}")
            name = label if at == len(wanted) - 1 and label else key
            consents = key == "yes" and "refuse" in keys(newest)
            max_seconds = KNOWN_SECONDS if consents else 0.0
            press, changed = partial(self.user.press, data, newest), self._changed()
            await self.act(name, press, changed, max_seconds)
            after = shown(self.user)
            self.known |= consents and after is not None and not UNDECIDED & keys(after)

    def _changed(self) -> Callable[[], bool]:
        """Return a predicate: a newer screen is shown, or the current one with other buttons."""
        if self.known:
            return self._newer(asked=True)
        before = screen(self.user)
        return lambda: screen(self.user) != before and screen(self.user) >= before[:2]

    async def begin(self) -> None:
        """Open the chat and choose the language."""
        await self.act("start", self.user.start, self._newer())
        newest = shown(self.user)
        if newest and payload(newest, self.language):
            await self.go(self.language)

    def _newer(self, *, asked: bool = False) -> Callable[[], bool]:
        """Return a predicate: a newer screen is shown; with `asked`, one with another question.

        After consent, a question that a killed process has sent may come a second time, and must
        not be taken for the next one.
        """
        before = screen(self.user)
        twice = before[1] if asked and self.known and before[1] else -1
        return lambda: screen(self.user)[0] > before[0] and screen(self.user)[1] != twice

    async def buttons(self) -> None:
        """Ask one or two frequent questions by pressing their buttons."""
        await self.begin()
        chosen = self.chance.sample(BUTTONS, self.chance.randint(1, 2))
        for key in [BUTTONS[self.choice]] if self.learns else chosen:
            await self.go("faq", key, label=f"button {key} {self.language}")

    async def typed(self) -> None:
        """Type one or two questions as the first messages, without a greeting."""
        count = len(TYPED[self.language])
        first = self.choice if self.learns else self.chance.randrange(count)
        await self.ask(first, "first")
        if self.learns or self.chance.random() < 0.5:
            await self.ask((first + 1) % count, "next")

    async def ask(self, number: int, place: str) -> None:
        """Type the question with this number; the act's label contains `place` (first or next)."""
        label = f"typed {number} {place} {self.language}"
        await self.say(TYPED[self.language][number], label)

    async def form(self) -> None:
        """Register, wait for the registry's decision, and type two questions at once."""
        await self.begin()
        await self.go(*FORM, "yes")
        for line in FORM_WORDS:
            await self.say(line.format(surname=self.person.canary))
        await self.go(*FORM_REST[:-1])
        self.note("practised" if self.learns else "submitted")
        await self.go(FORM_REST[-1])
        await self._until("receipt", lambda: _with(self.user, "!status"), KNOWN_SECONDS)
        await self._pair()

    async def _pair(self) -> None:
        """Type two questions without waiting, which are answered in their order."""
        first, second = TYPED[self.language][1:]
        last = max(one.id for one in self.user.chat)

        async def both() -> None:
            await self.user.say(first)
            await self.user.say(second)

        if self.learns:
            for line in (first, second):
                last = max(one.id for one in self.user.chat)
                await self.say(line)
                texts = [one.text for one in self.user.received if one.id > last]
                self.note("learned", label=f"pair {line}", texts=texts)
            return

        def answered() -> bool:
            sent_ids = [one.id for one in self.user.chat if not one.from_bot]
            return (
                len([one for one in self.user.received if one.id > sent_ids[-1] and keys(one)]) > 1
            )

        await self.act("pair", both, answered)
        texts = [one.text for one in self.user.received if one.id > last]
        self.note("pair", language=self.language, texts=texts)

    async def help(self) -> None:
        """Ask for an officer in three messages, and send a file if the officer asks for one."""
        await self.begin()
        await self.go(*OFFICER)
        if self.kind == "file":
            self.shared_state.files.add(self.person.canary)
        self.note("asked")

        async def words() -> None:
            for number in range(1, WORDS + 1):
                await self.user.say(self.person.word(number))

        await self.act("words", words, self._newer())
        await self._until("officer", lambda: _text(self.user, answer_to(self.person.canary)),
                          OFFICER_SECONDS)  # fmt: skip
        if self.kind == "file":
            await self._until("request", lambda: _two(self.user, self.person), OFFICER_SECONDS)
            sent = max(one.id for one in self.user.chat)
            self.note("sent file")
            await self.act("file", lambda: self.user.send_photo(_photo()),
                           lambda: self.user.last.id > sent + 1)  # fmt: skip

    async def news(self) -> None:
        """Subscribe to announcements."""
        await self.begin()
        await self.go(*NEWS[:-1])
        await self.go(NEWS[-1])
        self.note("subscribed")

    async def _until(self, label: str, seen: Callable[[], object], seconds: float) -> None:
        """Wait for a message that is no reply to an act; raise Again if it comes too late."""
        asked_at = self.shared_state.ledger.seconds()
        try:
            await self.user.place.changed.until(seen, seconds)
        except TimeoutError:
            raise UnexpectedReply(f"no {label}") from None
        self.note("news", label=label, waited=self.shared_state.ledger.seconds() - asked_at)


def answer_to(name: str) -> str:
    """Return the text with which the officer answers the person of this name."""
    return f"{name}: 1414"


def _with(user: User, key: str) -> bool:
    return any(payload(one, key) for one in user.received)


def _text(user: User, text: str) -> bool:
    return any(text in one.text for one in user.received)


def _two(user: User, person: InventedPerson) -> bool:
    """Return True if the officer sent one more message after the answer to this person."""
    texts = [one.text for one in user.received]
    at = next(n for n, text in enumerate(texts) if answer_to(person.canary) in text)
    return at < len(texts) - 1


@dataclass
class SimulatedOfficer:
    """An officer who claims cases, answers them, asks for a file where one is due, and closes."""

    shared_state: SharedState
    name: str
    console: Console
    closing: dict[str, Entry] = field(default_factory=dict)

    async def work(self) -> None:
        """Work until the day is over and no case is left; a page that failed is opened again."""
        idle = False
        while not (self.shared_state.finished.is_set() and idle):
            idle = False
            with suppress(aiohttp.ClientError, TimeoutError, RuntimeError, AssertionError):
                idle = await self.round()
            await asyncio.sleep(IDLE_SECONDS)

    async def round(self) -> bool:
        """Handle the officer's open cases, and claim one more; return True if there was none."""
        listed = await self.console.get("/console/inbox?queue=mine")
        if listed.path == "/console/sign-in":
            await self.console.sign_in(self.name)
        assert listed.status == 200, listed.status
        cases = dict.fromkeys(CASE.findall(listed.html))
        for path in list(self.closing):
            entry = self.closing.pop(path)
            if path not in cases:
                self.shared_state.ledger.note("closed", case=path, by=self.name, **entry)
        for path in cases:
            await self.console.get(path)
            await self.handle(path)
        if len(cases) < MAX_OPEN:
            await self.console.get("/console/inbox")
            await self.console.submit("/next")
            await self.handle(self.console.screen.path)
        return not cases and not self.closing and self.console.screen.path == "/console/inbox"

    async def handle(self, path: str) -> None:
        """Perform up to MAX_STEPS actions that are due on the case on the screen."""
        for _step in range(MAX_STEPS):
            due = self._due(path)
            if due is None:
                return
            await self.console.submit(due[0], **due[1])
            assert self.console.screen.status == 200, due[0]

    def _due(self, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the action that is due in the case, and its form fields; None if none is due."""
        html = self.console.screen.html
        thread = html.partition('id="thread"')[2].partition("</ol>")[0]
        found = NAME.findall(thread)
        if not found or path in self.closing:
            return None
        name, papers = found[0][0], html.count('id="paper-')
        needs_file = name in self.shared_state.files
        if answer_to(name) not in thread:
            return "/reply", {"words": answer_to(name)}
        if needs_file and not papers:
            has_asked = 'class="awaited"' in html
            return None if has_asked else ("/document", {"document": "identity"})
        if len(set(found)) < WORDS:
            return None
        words = [int(number) for _name, number in found]
        self.closing[path] = {"person": name, "words": words, "papers": papers}
        return "/resolve", {"where": "menu"}
