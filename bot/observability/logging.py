"""Allow-list logging: only values known to be harmless reach a log.

A line is an event name of dotted words, with a few numbers, ids and words from fixed lists. It
omits messages, arguments and local variables of exceptions, and the output of other libraries,
since these may contain personal data.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO, cast
from uuid import UUID

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from bot.observability import metrics

_PLAIN = (
    "at cause channel code command error flow job kind language logger method queue question reason"
    " route service state status step table version"
)
_COUNTED = (
    "attempt broadcast case count dropped epoch lag message ms number officer pid port registration"
    " seconds size update upload waiting worker"
)
# Keys of values that a log line may have: WORDS for words that occur in the code, NUMBERS for
# numbers, booleans and random ids.
WORDS = frozenset(_PLAIN.split())
NUMBERS = frozenset(_COUNTED.split())
ALLOWED = WORDS | NUMBERS | {"event", "frames", "head", "level", "timestamp"}

_MASK = "***"
_EVENT = re.compile(r"[a-z][a-z_]{0,23}(?:\.[a-z][a-z0-9_]{0,31}){1,3}")
_WORD = re.compile(
    r"[a-z][a-z0-9_.:/-]{0,63}|E_[A-Z][A-Z_]{0,40}|kk_Arab|zh_Hans|uz_Cyrl", re.ASCII
)
_LONG_NUMBER = re.compile(r"\d{5}")
# Larger numbers are masked: Kosh's own counts are below this limit, while phone numbers and user
# ids of platforms are mostly above it.
_LARGEST = 10**8
# Ids of messages may be larger: each restore adds 1,000,000,000. Phone numbers with a country code
# have eleven digits or more, with few exceptions.
_LARGEST_OF = {"message": 10**10}
_TOKEN = re.compile(r"bot\d+:[A-Za-z0-9_-]+")
# Number and hash of the audit log's last entry.
_HEAD = re.compile(r"[0-9]{1,18}:(?:[0-9a-f]{64})?", re.ASCII)
_CODE = re.compile(r"E_[A-Z][A-Z_]{0,40}")
_ROOT = f"{Path(__file__).resolve().parents[2]}/"
_OWN_FOLDERS = (f"{_ROOT}bot/", f"{_ROOT}flows/")
# The value of `action` in procrastinate's log about a job that failed and is not retried.
_JOB_FAILED = "job_error"
_FRAMES = 12


def get() -> FilteringBoundLogger:
    """Return the logger: `logging.get().info("registry.accepted", attempt=2)`."""
    return cast(FilteringBoundLogger, structlog.get_logger())


def configure(level: str, *, to: TextIO | None = None) -> None:
    """Send all logs of the process to standard error: JSON lines, or columns on a terminal.

    `level` is debug, info, warning or error. Other libraries are logged at warning or above.
    """
    minimum = logging.getLevelNamesMapping()[level.upper()]
    _set_up(minimum, to)
    _route_libraries(minimum)
    sys.excepthook = lambda kind, error, trace: _uncaught(error)
    threading.excepthook = lambda failed: _uncaught(failed.exc_value)
    sys.unraisablehook = lambda failed: _uncaught(failed.exc_value)


def _set_up(minimum: int, to: TextIO | None = None) -> None:
    terminal = (to or sys.stderr).isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _keep_allowed,
            _count,
            structlog.processors.add_log_level,
            _at_least(minimum),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if terminal else _json,
            _scrub,
        ],
        # Warnings always pass this filter, because metrics count the events of alert rules even if
        # the log level hides them.
        wrapper_class=structlog.make_filtering_bound_logger(min(minimum, logging.WARNING)),
        logger_factory=lambda *_: structlog.WriteLogger(to or sys.stderr),
        cache_logger_on_first_use=False,
    )


def _at_least(minimum: int) -> Processor:
    levels = logging.getLevelNamesMapping()

    def only(_logger: Any, _method: str, event_dict: EventDict) -> EventDict:
        if levels[event_dict["level"].upper()] < minimum:
            raise structlog.DropEvent
        return event_dict

    return only


def _route_libraries(minimum: int) -> None:
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
            logger.disabled = False
            logger.setLevel(logging.NOTSET)
    logging.root.handlers[:] = [_Library()]
    logging.root.setLevel(max(minimum, logging.WARNING))
    for name in ("aiogram.event", "sqlalchemy", "procrastinate"):
        logging.getLogger(name).setLevel(max(minimum, logging.WARNING))
    # Access log lines contain addresses and paths. `disabled` is used, because uvicorn sets the
    # logger's level later.
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(True)
    logging.raiseExceptions = False


class _Library(logging.Handler):
    """Handler for logs of libraries; it logs only logger, module and line, level and error type.

    The log of a job that failed for good has an event of its own, because an alert counts it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        error = record.exc_info[1] if record.exc_info else None
        place = f"{record.module}:{record.lineno}"
        if getattr(record, "action", "") == _JOB_FAILED:
            get().error("job.failed", logger=record.name, at=place, exc_info=error)
        else:
            get().log(level, "log.library", logger=record.name, at=place, exc_info=error)


def _uncaught(error: BaseException | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        get().critical("log.uncaught", exc_info=error)


def _keep_allowed(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    failure = _failure(event_dict.pop("exc_info", None))
    event = event_dict.pop("event", None)
    allowed: EventDict = {
        key: _harmless(key, event_dict[key]) for key in event_dict if key in ALLOWED
    }
    if len(allowed) < len(event_dict):
        allowed["dropped"] = len(event_dict) - len(allowed)
    named = isinstance(event, str) and _EVENT.fullmatch(event)
    return {"event": event if named else "log.unnamed", **allowed, **failure}


def _count(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    metrics.EVENTS.labels(event_dict["event"], event_dict.get("code", "")).inc()
    if event_dict["event"] in metrics.ALARMING:
        metrics.ALARMS.labels(event_dict["event"]).inc()
    return event_dict


def redact(words: Mapping[str, object]) -> dict[str, str | int | float | bool]:
    """Return a log event's values with keys in ALLOWED; mask those that may be personal data."""
    fields = {key: _harmless(key, value) for key, value in words.items() if key in ALLOWED}
    return {key: value for key, value in fields.items() if isinstance(value, str | int | float)}


def _harmless(key: str, value: object) -> object:
    match value:
        case bool() | float() | None:
            return value
        case int() if abs(value) < _LARGEST_OF.get(key, _LARGEST):
            return int(value)
        case UUID():
            return str(value)
        case BaseException():
            return _type(value)
        case str() if key in WORDS and _WORD.fullmatch(value) and not _LONG_NUMBER.search(value):
            return str(value)
        case str() if key == "head" and _HEAD.fullmatch(value):
            return str(value)
        case _:
            return _MASK


def _failure(exc_info: object) -> dict[str, object]:
    error = _exception(exc_info)
    if error is None:
        return {}
    fields: dict[str, object] = {"error": _type(error), "frames": _frames(error)}
    code = getattr(error, "code", None)
    if isinstance(code, str) and _CODE.fullmatch(code):
        fields["code"] = code
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return fields | ({"cause": _type(cause)} if cause else {})


def _exception(exc_info: object) -> BaseException | None:
    match exc_info:
        case BaseException():
            return exc_info
        case (_, BaseException() as error, _):
            return error
        case _:
            return sys.exc_info()[1] if exc_info else None


def _type(error: BaseException) -> str:
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return module + kind.__qualname__


def _frames(error: BaseException) -> list[str]:
    walked = [
        (frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [f"{file[len(_ROOT) :]}:{line}" for file, line in walked if file.startswith(_OWN_FOLDERS)]
    return own[-_FRAMES:]


def _json(_: WrappedLogger, __: str, event_dict: EventDict) -> str:
    return msgspec.json.encode(event_dict).decode()


def _scrub(_: WrappedLogger, __: str, line: Any) -> str:
    return _TOKEN.sub(f"bot{_MASK}", line)


# A logger that is used before `configure` must apply the same allow-list.
_set_up(logging.INFO)
