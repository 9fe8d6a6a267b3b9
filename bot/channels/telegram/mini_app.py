"""Validation of Telegram Mini App init data, which authenticates the person who opened the app."""

import time

from aiogram.utils.web_app import (
    WebAppChat,
    WebAppInitData,
    WebAppUser,
    safe_parse_webapp_init_data,
)

from bot.channels.telegram import deferred_models

MAX_INIT_DATA_SECONDS = 600

deferred_models.build(WebAppUser, WebAppChat, WebAppInitData)


def verified_user(token: str, init_data: str) -> str | None:
    """Return the user id in Mini App init data; None if the data are invalid or too old.

    The data must be signed with the bot's token, at most MAX_INIT_DATA_SECONDS ago.
    """
    try:
        data = safe_parse_webapp_init_data(token, init_data)
    except ValueError:
        return None
    if data.user is None or time.time() - data.auth_date.timestamp() > MAX_INIT_DATA_SECONDS:
        return None
    return str(data.user.id)
