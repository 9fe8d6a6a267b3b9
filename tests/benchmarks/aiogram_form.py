"""The benchmark's ten-question form on aiogram, which stores its state in Redis at every update.

There are two versions. `aiogram` is the fastest: filters are coroutines, and a button press is
acknowledged in the response to the webhook. `aiogram-docs` follows aiogram's documentation: it runs
filters in threads and acknowledges a press with an API call.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from starlette.responses import Response

from tests.benchmarks.form import DONE, MAX_LENGTH, OPTIONS, QUESTIONS, TOO_LONG, is_choice
from tests.benchmarks.protocol import TOKEN, ServerConfig
from tests.benchmarks.serve import Take, acknowledged

type Filter = Callable[..., Any]

KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[
        [InlineKeyboardButton(text=label, callback_data=key)] for key, label in OPTIONS.items()
    ]
)
STATES = tuple(State(name, group_name="Form") for name, _text in QUESTIONS)


@asynccontextmanager
async def opening(place: ServerConfig) -> AsyncIterator[Mapping[str, Take]]:
    dispatcher = Dispatcher(storage=RedisStorage.from_url(place.redis))
    documented = place.server == "aiogram-docs"
    dispatcher.include_router(_router(documented))
    session = AiohttpSession(api=TelegramAPIServer.from_base(place.api))
    async with Bot(TOKEN, session=session) as bot:

        async def take(raw: bytes) -> Response:
            update = msgspec.json.decode(raw)
            await dispatcher.feed_raw_update(bot, update)
            return Response() if documented else acknowledged(update)

        yield {"/form": take}
        await dispatcher.storage.close()


def _router(documented: bool) -> Router:
    router = Router()
    router.message.register(_start, CommandStart())
    for number, state in enumerate(STATES):
        if is_choice(number):
            among: Filter = F.data.in_(set(OPTIONS)) if documented else _listed
            router.callback_query.register(
                _chosen(number, documented), *_state_filters(state, documented), among
            )
        else:
            short: Filter = F.text.len() <= MAX_LENGTH if documented else _short
            router.message.register(_written(number), *_state_filters(state, documented), short)
            router.message.register(_too_long, *_state_filters(state, documented))
    return router


def _state_filters(state: State, documented: bool) -> tuple[Filter, ...]:
    async def is_in_state(event: Any, raw_state: str | None = None) -> bool:
        return raw_state == state.state

    return (state if documented else is_in_state,)


async def _listed(press: CallbackQuery) -> bool:
    return press.data in OPTIONS


async def _short(message: Message) -> bool:
    return message.text is not None and len(message.text) <= MAX_LENGTH


async def _start(message: Message, state: FSMContext) -> None:
    await state.clear()
    await _ask(message, state, 0)


async def _too_long(message: Message) -> None:
    await message.answer(TOO_LONG)


def _written(number: int) -> Callable[[Message, FSMContext], Awaitable[None]]:
    async def written(message: Message, state: FSMContext) -> None:
        await state.update_data({QUESTIONS[number][0]: message.text})
        await _ask(message, state, number + 1)

    return written


def _chosen(
    number: int, documented: bool
) -> Callable[[CallbackQuery, FSMContext], Awaitable[None]]:
    async def chosen(press: CallbackQuery, state: FSMContext) -> None:
        if documented:
            await press.answer()
        await state.update_data({QUESTIONS[number][0]: press.data})
        assert isinstance(press.message, Message)
        await _ask(press.message, state, number + 1)

    return chosen


async def _ask(message: Message, state: FSMContext, number: int) -> None:
    if number == len(QUESTIONS):
        await state.clear()
        await message.answer(DONE)
        return
    await state.set_state(STATES[number])
    markup = KEYBOARD if is_choice(number) else None
    await message.answer(QUESTIONS[number][1], reply_markup=markup)
