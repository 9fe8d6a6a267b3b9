"""The client of an external language model, with a strict HTTP emulator.

Also the check of which texts may be sent to the model.
"""

import io
import time
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import ClientSession

from bot.observability import logging, metrics
from bot.understanding import evaluation, external_model, phrases
from bot.understanding.endpoint import MAX_FAILURES, REST_SECONDS, Endpoint, Outcome, authorization
from bot.understanding.engine_adapter import EngineRecognizer
from bot.understanding.external_model import ExternalModel
from flows.knowledge.intents import BY_ID, Kind
from tests.emulators.language_model import FAULTS, KEY, MODEL, LanguageModel, language_model

TOPICS = {"life.pension": "pension", "kandas.cost": "what it costs"}
TEXT = "canary of a question"
OUTCOMES = {
    "unlisted": Outcome.INVALID,
    "prose": Outcome.INVALID,
    "broken": Outcome.INVALID,
    "cut": Outcome.INVALID,
    "more": Outcome.INVALID,
    "empty": Outcome.INVALID,
    "slow": Outcome.TIMEOUT,
    "429": Outcome.REFUSED,
    "500": Outcome.REFUSED,
    "redirect": Outcome.REFUSED,
}


@pytest.fixture
async def server() -> AsyncIterator[LanguageModel]:
    async with language_model() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as http:
        yield http


def model_at(
    http: ClientSession,
    url: str,
    *,
    key: str = KEY,
    seconds: float = 60,
    clock: Callable[[], float] = time.monotonic,
) -> ExternalModel:
    endpoint = Endpoint(http, url, authorization(key), seconds=seconds, clock=clock)
    return ExternalModel(endpoint, MODEL)


def counted(outcome: Outcome) -> float:
    labels = {"outcome": outcome.value}
    return metrics.REGISTRY.get_sample_value("kosh_model_choices_total", labels) or 0.0


async def test_external_model_returns_an_intent_of_the_list(
    server: LanguageModel, http: ClientSession
) -> None:
    model = model_at(http, server.url)
    server.chosen = "life.pension"
    assert await model.choose(TEXT, TOPICS) == "life.pension"
    assert (server.asked, server.mistakes) == ([TEXT], [])
    assert server.ids == (*TOPICS, external_model.NONE)


async def test_external_model_can_return_no_intent(
    server: LanguageModel, http: ClientSession
) -> None:
    before = counted(Outcome.NONE)
    model = model_at(http, server.url)
    assert await model.choose(TEXT, TOPICS) is None
    assert counted(Outcome.NONE) == before + 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_external_model_failure_returns_none_and_logs_no_text(
    server: LanguageModel, http: ClientSession, fault: str
) -> None:
    server.fault, server.chosen = fault, "life.pension"
    before, lines = counted(OUTCOMES[fault]), io.StringIO()
    seconds = 0.2 if fault == "slow" else 60
    model = model_at(http, server.url, seconds=seconds)
    logging.configure("debug", to=lines)
    try:
        assert await model.choose(TEXT, TOPICS) is None
    finally:
        logging.configure("error")
    assert counted(OUTCOMES[fault]) == before + 1
    assert '"model.failed"' in lines.getvalue()
    shown = lines.getvalue()
    assert not [word for word in (TEXT, KEY, "dollars", "advice") if word in shown]


async def test_external_model_with_a_wrong_api_key_returns_none(
    server: LanguageModel, http: ClientSession
) -> None:
    model = model_at(http, server.url, key="")
    assert await model.choose(TEXT, TOPICS) is None
    assert (server.asked, server.mistakes) == ([], ["authorization"])


async def test_external_model_that_is_unreachable_returns_none(http: ClientSession) -> None:
    model = model_at(http, "http://127.0.0.1:9/v1")
    before = counted(Outcome.UNREACHABLE)
    assert await model.choose(TEXT, TOPICS) is None
    assert counted(Outcome.UNREACHABLE) == before + 1


async def test_external_model_is_paused_after_failures_and_retried_later(
    server: LanguageModel, http: ClientSession
) -> None:
    now = [0.0]
    model = model_at(http, server.url, clock=lambda: now[0])
    server.fault = "500"
    for _each in range(MAX_FAILURES + 3):
        await model.choose(TEXT, TOPICS)
    assert len(server.asked) == MAX_FAILURES
    now[0], server.fault, server.chosen = REST_SECONDS, "", "kandas.cost"
    assert await model.choose(TEXT, TOPICS) == "kandas.cost"


@pytest.mark.parametrize(
    "text",
    [
        "мой брат пропал в лагере",
        "меня ищет полиция",
        "我哥哥被带走了",
        "akamni politsiya olib ketdi",
        "қырық құс ұшты 12",
        "пенсия 87071234567 ладно",
        "напиши на ivan@example.com вопрос",
        "смотри www.example.com",
        "посмотри example.kz там",
        "мой ник @ivan",
        "电话一三八零零零零",
        "١٢٣ سۇراق",
        "№ Ⅳ вопрос",
        "слово " * 60,
        "",
        "привет",
    ],
)
def test_text_with_danger_digits_or_address_is_never_sent_to_the_model(text: str) -> None:
    assert not EngineRecognizer.load().read(text, "").recognition.may_leave


@pytest.mark.release
def test_text_about_danger_is_never_eligible_for_the_external_model() -> None:
    recognizer, harmless, danger = EngineRecognizer.load(), 0, 0
    for line in evaluation.held_lines():
        if line.phrase.language in phrases.LANGUAGES:
            leaves = recognizer.read(line.phrase.text, line.phrase.language).recognition.may_leave
            is_danger = BY_ID[line.phrase.intent].kind is Kind.DANGER
            harmless, danger = (
                harmless + (leaves and not is_danger),
                danger + (leaves and is_danger),
            )
    assert danger == 0
    assert harmless > 200
