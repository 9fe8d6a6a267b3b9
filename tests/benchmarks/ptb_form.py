"""The ten-question form on python-telegram-bot; its state is pickled to a file at every update."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import Response
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)

from tests.benchmarks.form import DONE, MAX_LENGTH, OPTIONS, QUESTIONS, TOO_LONG, is_choice
from tests.benchmarks.protocol import TOKEN, ServerConfig
from tests.benchmarks.serve import Take

type Context = ContextTypes.DEFAULT_TYPE
type Handler = Callable[[Update, Context], Coroutine[Any, Any, int]]

KEYBOARD = InlineKeyboardMarkup(
    [[InlineKeyboardButton(label, callback_data=key)] for key, label in OPTIONS.items()]
)
AT_ONCE = 64


@asynccontextmanager
async def opening(place: ServerConfig) -> AsyncIterator[Mapping[str, Take]]:
    persistence = PicklePersistence(Path(place.data) / "ptb.pickle", on_flush=True)
    built = (
        Application.builder()
        .token(TOKEN)
        .base_url(f"{place.api}/bot")
        .connection_pool_size(AT_ONCE)
        .persistence(persistence)
        .updater(None)
        .build()
    )
    built.add_handler(_conversation())
    async with built:

        async def take(raw: bytes) -> Response:
            update = msgspec.json.decode(raw)
            await built.process_update(Update.de_json(update, built.bot))
            await built.update_persistence()
            await persistence.flush()
            return Response()  # it can acknowledge presses only by API calls

        yield {"/form": take}


def _conversation() -> ConversationHandler[Context]:
    start: Any = CommandHandler("start", _start)
    return ConversationHandler(
        entry_points=[start],
        states={number: _handlers(number) for number in range(len(QUESTIONS))},
        fallbacks=[start],
        name="form",
        persistent=True,
    )


def _handlers(number: int) -> list[Any]:
    if is_choice(number):
        return [CallbackQueryHandler(_chosen(number), pattern=f"^[{''.join(OPTIONS)}]$")]
    return [MessageHandler(filters.TEXT & ~filters.COMMAND, _written(number))]


async def _start(update: Update, context: Context) -> int:
    assert context.user_data is not None
    context.user_data.clear()
    return await _ask(update, context, 0)


def _written(number: int) -> Handler:
    async def written(update: Update, context: Context) -> int:
        assert update.message is not None
        assert context.user_data is not None
        text = update.message.text or ""
        if len(text) > MAX_LENGTH:
            await update.message.reply_text(TOO_LONG)
            return number
        context.user_data[QUESTIONS[number][0]] = text
        return await _ask(update, context, number + 1)

    return written


def _chosen(number: int) -> Handler:
    async def chosen(update: Update, context: Context) -> int:
        assert update.callback_query is not None
        await update.callback_query.answer()
        assert context.user_data is not None
        context.user_data[QUESTIONS[number][0]] = update.callback_query.data
        return await _ask(update, context, number + 1)

    return chosen


async def _ask(update: Update, context: Context, number: int) -> int:
    assert update.effective_chat is not None
    chat = update.effective_chat.id
    if number == len(QUESTIONS):
        await context.bot.send_message(chat, DONE)
        return ConversationHandler.END
    markup = KEYBOARD if is_choice(number) else None
    await context.bot.send_message(chat, QUESTIONS[number][1], reply_markup=markup)
    return number
