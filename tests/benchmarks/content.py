"""Cost of a turn with 500 items of content published by editors, relative to one without any.

Usage: `python -m tests.benchmarks.content`
"""

import sys
from datetime import date, timedelta
from functools import cache
from statistics import median
from time import process_time

from bot.content import Body
from bot.content.live import Snapshot, snapshot
from bot.i18n import Languages
from bot.understanding.engine_adapter import EngineRecognizer
from flows import FLOWS
from flows.engine.conversation import step
from flows.engine.events import Event, Pressed, Said, Started
from flows.engine.replies import Understanding
from flows.engine.state import Conversation
from flows.knowledge.catalogue import FACTS
from flows.replies import understanding

DAY = date(2026, 11, 28)
ITEMS = 500
MAX_RATIO = 1.02
ROUNDS, TURNS = 60, 40
QUESTION = Said("Сколько дней граждане Турции могут быть без визы?")


def filled() -> Snapshot:
    """Return a content snapshot with a published text for every fact, and notices: 500 items."""
    bodies = {f"fact:{fact.key}": _body(fact.text.msgid) for fact in FACTS}
    late = {f"notice:n{number}": _body("Later.", 9) for number in range(ITEMS - len(bodies))}
    return snapshot(_languages(), 1, bodies | late)


@cache
def _languages() -> Languages:
    return Languages()


@cache
def _understanding() -> Understanding:
    return understanding(EngineRecognizer.load())


def _body(words: str, after: int = 0) -> Body:
    texts = dict.fromkeys(("en", "kk", "ru", "zh_Hans", "uz"), words)
    since = DAY + timedelta(days=after)
    return Body(texts=texts, as_of=DAY, checked=DAY, since=since, until=DAY + timedelta(days=60))


def turns(content: Snapshot) -> float:
    """Run the turns of one conversation and render their texts; return the CPU seconds."""
    languages, recognized = _languages(), _understanding()
    start = process_time()
    conversation = Conversation()
    events: tuple[Event, ...] = (QUESTION, Pressed("!menu"))
    for event in (Started(), Said("Русский"), *(events * (TURNS // 2))):
        today = content.on(DAY)
        turn = step(FLOWS, languages, conversation, event, today, understanding=recognized)
        conversation = turn.conversation
        for say in turn.says:
            for paragraph in say.paragraphs:
                for text in paragraph:
                    languages.render(text, conversation.language or "ru")
    return process_time() - start


def main() -> None:
    empty, full = Snapshot(), filled()
    assert len(full.bodies) == ITEMS
    ratio = cost(empty, full)
    print(f"{ITEMS} items: {ratio:.3f} × the CPU time of a turn without, {ROUNDS} pairs")
    sys.exit(ratio > MAX_RATIO)


def cost(empty: Snapshot, full: Snapshot, rounds: int = ROUNDS) -> float:
    """Return the CPU time of turns with 500 published items (`full`), divided by that without any.

    The result is the median of several pairs of runs.
    """
    return median(_pair(empty, full, first=number % 2) for number in range(rounds))


def _pair(empty: Snapshot, full: Snapshot, first: int) -> float:
    """Run turns with each of two snapshots; return the CPU time with `full` divided by `empty`'s.

    The caller alternates which snapshot comes first (`full` if `first`), because the first run has
    cold caches.
    """
    both = (full, empty) if first else (empty, full)
    seconds = [turns(each) for each in both]
    return seconds[0] / seconds[1] if first else seconds[1] / seconds[0]


if __name__ == "__main__":
    main()
