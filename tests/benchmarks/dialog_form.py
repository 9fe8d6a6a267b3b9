"""The ten-question form on aiogram-dialog; its state is stored in Redis after every update."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from operator import itemgetter
from typing import Any

import msgspec
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import DefaultKeyBuilder
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Message
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Column, Select
from aiogram_dialog.widgets.text import Const, Format
from starlette.responses import Response

from tests.benchmarks.form import DONE, MAX_LENGTH, OPTIONS, QUESTIONS, TOO_LONG, is_choice
from tests.benchmarks.protocol import TOKEN, ServerConfig
from tests.benchmarks.serve import Take

STATES = tuple(State() for _question in QUESTIONS)


class Form(StatesGroup):
    """The ten states of the form, one per question."""

    (question1, question2, question3, question4, question5) = STATES[:5]
    (question6, question7, question8, question9, question10) = STATES[5:]


@asynccontextmanager
async def opening(place: ServerConfig) -> AsyncIterator[Mapping[str, Take]]:
    storage = RedisStorage.from_url(place.redis, key_builder=DefaultKeyBuilder(with_destiny=True))
    dispatcher = Dispatcher(storage=storage)
    dispatcher.message.register(_start, CommandStart())
    dispatcher.include_router(Dialog(*(_window(number) for number in range(len(QUESTIONS)))))
    setup_dialogs(dispatcher)
    session = AiohttpSession(api=TelegramAPIServer.from_base(place.api))
    async with Bot(TOKEN, session=session) as bot:
        await dispatcher.emit_startup(bot=bot)

        async def take(raw: bytes) -> Response:
            await dispatcher.feed_raw_update(bot, msgspec.json.decode(raw))
            return Response()  # aiogram-dialog acknowledges presses by API calls

        yield {"/form": take}
        await storage.close()


def _window(number: int) -> Window:
    name, text = QUESTIONS[number]
    if is_choice(number):
        options = Select(
            Format("{item[1]}"),
            id=name,
            item_id_getter=itemgetter(0),
            items=list(OPTIONS.items()),
            on_click=_chosen,
        )
        return Window(Const(text), Column(options), state=STATES[number])
    written = TextInput(id=name, type_factory=_short, on_success=_written, on_error=_too_long)
    return Window(Const(text), written, state=STATES[number])


def _short(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise ValueError
    return text


async def _start(message: Message, dialog_manager: DialogManager) -> None:
    await dialog_manager.start(STATES[0], mode=StartMode.RESET_STACK)


async def _too_long(message: Message, *_unused: Any) -> None:
    await message.answer(TOO_LONG)


async def _written(message: Message, widget: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data[widget.widget_id] = text
    await manager.next()


async def _chosen(press: Any, widget: Any, manager: DialogManager, key: str) -> None:
    manager.dialog_data[widget.widget_id] = key
    if manager.current_context().state == STATES[-1]:
        await press.message.answer(DONE)
        await manager.done()
    else:
        await manager.next()
