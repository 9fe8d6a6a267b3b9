"""The answers to all intents, by intent id."""

from collections.abc import Mapping

from flows.knowledge.intents.answer import Answer
from flows.knowledge.intents.citizenship import CITIZENSHIP
from flows.knowledge.intents.family import FAMILY
from flows.knowledge.intents.life import LIFE
from flows.knowledge.intents.papers import PAPERS
from flows.knowledge.intents.permits import PERMITS
from flows.knowledge.intents.places import PLACES
from flows.knowledge.intents.registry import REGISTRY
from flows.knowledge.intents.support import SUPPORT
from flows.knowledge.intents.tests import TESTS
from flows.knowledge.intents.way import WAY

ANSWERS: tuple[Answer, ...] = (
    *WAY,
    *PAPERS,
    *FAMILY,
    *CITIZENSHIP,
    *PERMITS,
    *TESTS,
    *SUPPORT,
    *LIFE,
    *PLACES,
    *REGISTRY,
)
BY_INTENT: Mapping[str, Answer] = {answer.intent: answer for answer in ANSWERS}
