"""Mapping of aiogram's errors to SendErrors; Telegram's error texts are dropped."""

from collections.abc import Mapping
from typing import Any

from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from bot.channels import (
    BlockedByUser,
    CannotEdit,
    ChannelSuspended,
    DoesNotFit,
    Refused,
    SendError,
    Throttled,
    UnknownRefusal,
    Unreachable,
)
from bot.observability import logging

# Pause in seconds after a rate limit error that has no `retry_after`.
DEFAULT_PAUSE_SECONDS = 5.0
UNCHANGED = "message is not modified"
GONE = ("chat not found", "user not found", "deactivated", "was blocked", "peer_id_invalid")
NOT_EDITABLE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "no text in the message to edit",
)
# The error about a file that bots may not download, because it is larger than 20 MB.
TOO_LARGE = "file is too big"
# Errors about buttons or formatting: the message is sent again as plain text without buttons.
FORM = ("can't parse", "button_", "keyboard", "reply markup")
# Errors about the message's content: a retry would be rejected too.
CONTENT = ("text is empty", "too long", "too_long", "entit", "url", "wrong http", "text must")
PLAIN: Mapping[str, Any] = {"reply_markup": None, "entities": None}
# Errors about a deleted or closed topic (thread): the message is sent again outside of topics.
TOPIC = ("thread not found", "topic_deleted", "topic_closed", "topic_id_invalid")
NO_TOPIC: Mapping[str, Any] = {"message_thread_id": None}
CODES: dict[type[AiogramError], str] = {
    TelegramUnauthorizedError: "E_TELEGRAM_TOKEN",
    TelegramNotFound: "E_TELEGRAM_TOKEN",
    TelegramConflictError: "E_TELEGRAM_CONFLICT",
}
UNKNOWN = "E_TELEGRAM_UNKNOWN"
_logger = logging.get()


class InvalidRequest(Refused):
    """Telegram rejects the request as invalid; with `changes` applied, it may accept a retry.

    An alarm is logged for the operator, unless the reason is only a deleted topic.
    """

    code = "E_TELEGRAM_REQUEST"

    def __init__(self, changes: Mapping[str, Any] | None = None) -> None:
        super().__init__(self.code)
        self.changes = changes


def is_unchanged(error: AiogramError) -> bool:
    """Return True if an edit was rejected because the message has this content already."""
    return isinstance(error, TelegramBadRequest) and UNCHANGED in error.message.lower()


def outcome(status: int, error: AiogramError, *, is_message: bool) -> SendError:
    """Return the SendError for an error of Telegram.

    `is_message`: the call sends or edits a message. Logs an alarm if Telegram rejects the bot
    itself, or rejects a message as invalid or for an unknown reason.
    """
    match error:
        case TelegramRetryAfter(retry_after=seconds):
            return Throttled(seconds)
        case TelegramForbiddenError():
            return BlockedByUser()
        case TelegramBadRequest(message=description):
            return _bad_request(description.lower(), is_message=is_message)
        case TelegramMigrateToChat(migrate_to_chat_id=chat_id):
            return _invalid("E_TELEGRAM_MIGRATED", {"chat_id": chat_id})
        case TelegramUnauthorizedError() | TelegramNotFound() | TelegramConflictError():
            _alarm(CODES[type(error)])
            return ChannelSuspended()
        case TelegramServerError():
            return Unreachable()
        case _ if status == 429:
            return Throttled(DEFAULT_PAUSE_SECONDS)
        case _:
            return Refused() if 400 < status < 500 else Unreachable()


def _bad_request(description: str, *, is_message: bool) -> SendError:
    if any(words in description for words in NOT_EDITABLE):
        return CannotEdit()
    if any(words in description for words in GONE):
        return BlockedByUser()
    if TOO_LARGE in description:
        return DoesNotFit()
    if not is_message:
        return Refused()
    if any(words in description for words in TOPIC):
        return InvalidRequest(NO_TOPIC)
    if any(words in description for words in FORM):
        return _invalid(InvalidRequest.code, PLAIN)
    if any(words in description for words in CONTENT):
        return _invalid(InvalidRequest.code, None)
    _alarm(UNKNOWN)
    return UnknownRefusal()


def _invalid(code: str, changes: Mapping[str, Any] | None) -> InvalidRequest:
    _alarm(code)
    return InvalidRequest(changes)


def _alarm(code: str) -> None:
    _logger.error("telegram.bot_refused", code=code, channel="telegram")
