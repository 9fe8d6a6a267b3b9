"""What aiogram's errors mean for a message; no text of theirs goes further."""

from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from bot.channels import CannotEdit, NotAllowed, Refused, SendError, Throttled, Unreachable
from bot.observability import logging

# The pause after a refusal for speed that names none.
DEFAULT_PAUSE_SECONDS = 5.0
UNCHANGED = "message is not modified"
GONE = ("chat not found", "user not found", "deactivated", "was blocked", "peer_id_invalid")
NOT_EDITABLE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "no text in the message to edit",
)
CODES: dict[type[AiogramError], str] = {
    TelegramUnauthorizedError: "E_TELEGRAM_TOKEN",
    TelegramNotFound: "E_TELEGRAM_TOKEN",
    TelegramConflictError: "E_TELEGRAM_CONFLICT",
}
_logger = logging.get()


def is_unchanged(error: AiogramError) -> bool:
    """Return True if an edit was refused because the message looks like that already."""
    return isinstance(error, TelegramBadRequest) and UNCHANGED in error.message.lower()


def outcome(status: int, error: AiogramError) -> SendError:
    """Translate what Telegram answered; an alarm where it refuses the bot itself."""
    match error:
        case TelegramRetryAfter(retry_after=seconds):
            return Throttled(seconds)
        case TelegramForbiddenError():
            return NotAllowed()
        case TelegramBadRequest(message=description):
            return _bad_request(description.lower())
        case TelegramUnauthorizedError() | TelegramNotFound() | TelegramConflictError():
            _logger.error("telegram.refuses_bot", code=CODES[type(error)], channel="telegram")
            return Unreachable(certain=True)
        case TelegramServerError():
            return Unreachable()
        case _ if status == 429:
            return Throttled(DEFAULT_PAUSE_SECONDS)
        case _:
            return Refused() if 400 < status < 500 else Unreachable()


def _bad_request(description: str) -> SendError:
    if any(words in description for words in NOT_EDITABLE):
        return CannotEdit()
    if any(words in description for words in GONE):
        return NotAllowed()
    return Refused()
