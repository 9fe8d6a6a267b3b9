"""The log contains only permitted fields, and no personal data (canary values)."""

import gc
import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog

from bot.observability import logging as app_logging
from bot.observability import metrics
from bot.security.key_files import VaultError
from bot.security.vault import PersonKey

CANARY = "Gulnar Testova +77010000001"
NAME = "Gulnar"
ID = UUID("00000000-0000-4000-8000-000000000001")


class LogStream(io.StringIO):
    """A stream that collects the log's JSON lines."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    @property
    def line(self) -> dict[str, Any]:
        (only,) = self.lines
        return only


class Terminal(LogStream):
    """A log stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def unclosed_file() -> None:
    """Leave an unclosed file in a reference cycle, as a test of another module may."""
    gc.disable()
    cycle: list[object] = [Path(__file__).open()]  # noqa: SIM115
    cycle.append(cycle)


@pytest.fixture(autouse=True, scope="module")
def no_garbage(unclosed_file: None) -> Iterator[None]:
    """Collect the garbage of other modules, and collect no garbage during this module.

    Otherwise an object that an earlier test left unclosed could be collected during a test, and the
    log would have an additional line, `log.uncaught`.
    """
    gc.collect()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restore the logging of the process after each test."""
    before, root = structlog.get_config(), logging.root
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    logging.getLogger("uvicorn.access").disabled = False
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)


@pytest.fixture
def written() -> LogStream:
    stream = LogStream()
    app_logging.configure("debug", to=stream)
    return stream


def clean(written: LogStream) -> bool:
    return not any(part in written.getvalue() for part in ("Gulnar", "Testova", "77010000001"))


def test_log_line_keeps_ids_numbers_and_allowed_words(written: LogStream) -> None:
    app_logging.get().warning(
        "registry.accepted", attempt=2, seconds=0.25, case=ID, channel="telegram", code="E_LATE"
    )
    line = written.line
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "registry.accepted",
        "level": "warning",
        "attempt": 2,
        "seconds": 0.25,
        "case": str(ID),
        "channel": "telegram",
        "code": "E_LATE",
    }


@pytest.mark.parametrize("language", ["kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl"])
def test_log_line_keeps_language_codes(written: LogStream, language: str) -> None:
    app_logging.get().info("person.spoke", language=language)
    assert written.line["language"] == language


@pytest.mark.requirement("S-41")
def test_log_line_drops_and_counts_unlisted_keys(written: LogStream) -> None:
    app_logging.get().info("person.spoke", name=NAME, text=CANARY, count=1)
    assert clean(written)
    assert written.line["dropped"] == 2
    assert written.line["count"] == 1


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        NAME,
        "+77010000001",
        "n12345678",
        "gulnar testova",
        "gülnar",
        "a" * 65,
        "line\nbreak",
        {"reason": "gulnar"},
        ["gulnar"],
        ("gulnar",),
        b"gulnar",
        77010000001,
        -77010000001,
        pytest.param(object(), id="object"),
    ],
    ids=repr,
)
@pytest.mark.requirement("S-41")
def test_log_line_masks_free_text_values(written: LogStream, value: object) -> None:
    app_logging.get().info("person.spoke", reason=value)
    assert written.line["reason"] == "***"


def test_log_line_masks_text_under_keys_meant_for_numbers_or_ids(written: LogStream) -> None:
    app_logging.get().info("person.spoke", message="gulnar", count="gulnar")
    assert written.line["message"] == written.line["count"] == "***"


@pytest.mark.requirement("S-41")
def test_log_line_keeps_the_id_of_a_message_after_restores(written: LogStream) -> None:
    """A restore adds 1,000,000,000 to the ids. Phone numbers and ids of platforms stay masked."""
    app_logging.get().info("message.failed", message=9_000_000_007, count=9_000_000_007)
    assert (written.line["message"], written.line["count"]) == (9_000_000_007, "***")
    for value in (77010000001, "9000000007"):
        app_logging.get().info("message.failed", message=value)
        assert written.lines[-1]["message"] == "***"


@pytest.mark.parametrize("event", [CANARY, "gulnar", f"person.{NAME}", "person spoke", ""])
def test_log_event_name_that_is_not_dotted_words_is_replaced(
    written: LogStream, event: str
) -> None:
    app_logging.get().info(event)
    assert written.line["event"] == "log.unnamed"


def test_log_has_no_line_about_objects_left_unclosed_by_earlier_tests(written: LogStream) -> None:
    gc.collect()
    assert written.lines == []


def test_log_arguments_are_not_formatted_into_the_event(written: LogStream) -> None:
    app_logging.get().info("person.%s", NAME)
    assert clean(written)
    assert written.line["event"] == "log.unnamed"


def test_log_filter_masks_values_of_bound_loggers_and_context_variables(written: LogStream) -> None:
    structlog.contextvars.bind_contextvars(name=NAME, channel="telegram")
    app_logging.get().bind(phone="+77010000001", attempt=1).info("person.spoke")
    assert clean(written)
    assert (written.line["channel"], written.line["attempt"]) == ("telegram", 1)


def test_log_exception_keeps_its_type_its_code_and_koshs_own_stack_lines(
    written: LogStream,
) -> None:
    key = PersonKey(ID, bytes(32))
    try:
        key.unseal(CANARY.encode(), "answers", "value", CANARY)
    except VaultError:
        app_logging.get().exception("vault.refused")
    line = written.line
    assert clean(written)
    assert (line["error"], line["code"]) == (
        "bot.security.key_files.VaultError",
        "E_VAULT_INTEGRITY",
    )
    assert len(line["frames"]) == 1
    assert line["frames"][0].startswith("bot/security/vault.py:")


def fail() -> None:
    here = CANARY
    try:
        raise KeyError(here)
    except KeyError as error:
        raise ValueError(f"no {here}", here) from error


@pytest.mark.requirement("S-41")
def test_log_exception_keeps_only_the_types_of_the_error_and_its_cause(written: LogStream) -> None:
    try:
        fail()
    except ValueError as error:
        error.add_note(CANARY)
        app_logging.get().exception("person.failed", reason=error)
        app_logging.get().error("person.failed", exc_info=error)
        app_logging.get().error("person.failed", exc_info=sys.exc_info(), stack_info=True)
    assert clean(written)
    for line in written.lines:
        assert (line["error"], line["cause"], line["frames"]) == ("ValueError", "KeyError", [])
    assert written.lines[0]["reason"] == "ValueError"


def test_log_exception_drops_a_code_that_is_not_in_koshs_format(written: LogStream) -> None:
    error = ValueError()
    error.code = NAME  # type: ignore[attr-defined]
    app_logging.get().error("person.failed", exc_info=error)
    assert "code" not in written.line


def test_log_exc_info_without_an_exception_adds_nothing(written: LogStream) -> None:
    app_logging.get().error("person.failed", exc_info=True)
    assert "error" not in written.line


@pytest.mark.parametrize("name", ["aiogram.event", "sqlalchemy.engine", "procrastinate", "other"])
def test_log_record_of_a_library_drops_its_message_and_arguments(
    written: LogStream, name: str
) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger(name).exception("%s wrote %s", NAME, CANARY, extra={"name_": CANARY})
    line = written.line
    assert clean(written)
    assert (line["event"], line["logger"], line["level"]) == ("log.library", name, "error")
    assert line["error"] == "ValueError"
    assert line["at"].startswith("test_logging:")


def test_log_record_with_a_format_error_leaks_no_argument(
    written: LogStream, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("other").warning("%d", CANARY)
    assert written.line["event"] == "log.library"
    assert NAME not in "".join(capfd.readouterr())


@pytest.mark.parametrize("level", [25, 35, 99])
def test_log_levels_of_libraries_are_mapped_to_known_levels(written: LogStream, level: int) -> None:
    logging.root.setLevel(0)
    logging.getLogger("other").log(level, "text")
    assert written.line["level"] in {"info", "warning", "critical"}


@pytest.mark.requirement("S-42")
def test_log_omits_access_lines_and_library_lines_below_warning(written: LogStream) -> None:
    for name in ("aiogram.event", "uvicorn.error", "sqlalchemy.engine.Engine", "procrastinate"):
        logging.getLogger(name).info("text")
    logging.getLogger("uvicorn.access").setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").critical("GET /chat/%s", NAME)
    assert written.lines == []


def test_log_configuration_removes_handlers_of_libraries() -> None:
    own_stream, stream = io.StringIO(), LogStream()
    logger = logging.getLogger("noisy.library")
    logger.addHandler(logging.StreamHandler(own_stream))
    logger.propagate = False
    app_logging.configure("info", to=stream)
    logger.error(CANARY)
    assert own_stream.getvalue() == ""
    assert stream.line["logger"] == "noisy.library"


def test_log_configuration_enables_loggers_that_a_library_disabled() -> None:
    """Disable a logger, as `logging.config.dictConfig` disables all existing loggers."""
    stream, silent = LogStream(), logging.getLogger("silent.library")
    silent.disabled = True
    app_logging.configure("info", to=stream)
    silent.error(CANARY)
    assert stream.line["logger"] == "silent.library"


def lines_of(program: str) -> list[dict[str, Any]]:
    """Run Python code in a separate process; return its log lines.

    Check that the name NAME is not in the output of the process.
    """
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert NAME not in done.stdout + done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_log_drops_the_text_of_python_warnings() -> None:
    (line,) = lines_of(
        "import warnings; from bot.observability import logging; logging.configure('info');"
        f"warnings.warn({NAME!r}, stacklevel=1)"
    )
    assert (line["event"], line["logger"]) == ("log.library", "py.warnings")


def test_log_drops_the_message_of_an_exception_that_ends_the_process() -> None:
    (line,) = lines_of(
        "from bot.observability import logging; logging.configure('info');"
        f"raise ValueError({NAME!r})"
    )
    assert (line["event"], line["error"]) == ("log.uncaught", "ValueError")


def test_log_drops_the_message_of_an_uncaught_exception(written: LogStream) -> None:
    error = ValueError(CANARY)
    sys.excepthook(ValueError, error, None)
    threading.excepthook(threading.ExceptHookArgs((ValueError, error, None, None)))
    assert clean(written)
    assert [line["error"] for line in written.lines] == ["ValueError", "ValueError"]


def test_log_ignores_keyboard_interrupt(written: LogStream) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert written.lines == []


@pytest.mark.requirement("S-42")
def test_log_masks_a_bot_token_everywhere(written: LogStream) -> None:
    app_logging.get().info(
        "platform.failed", reason="bot123:abc-def", route="/file/bot123:abc-def/photo"
    )
    assert "abc-def" not in written.getvalue()
    assert "bot***" in written.getvalue()


def test_alert_event_is_counted_even_when_its_level_is_not_logged() -> None:
    stream, many = LogStream(), {"event": "read_budget.exceeded"}
    app_logging.configure("error", to=stream)
    before = metrics.REGISTRY.get_sample_value("kosh_alert_events_total", many) or 0
    app_logging.get().warning("read_budget.exceeded", count=61)
    assert metrics.REGISTRY.get_sample_value("kosh_alert_events_total", many) == before + 1
    assert stream.lines == []


def test_log_level_filters_lower_levels() -> None:
    stream = LogStream()
    app_logging.configure("warning", to=stream)
    app_logging.get().info("person.spoke")
    app_logging.get().warning("person.failed")
    assert stream.line["event"] == "person.failed"


def test_log_filter_also_applies_to_terminal_output() -> None:
    stream = Terminal()
    app_logging.configure("info", to=stream)
    try:
        raise ValueError(CANARY)
    except ValueError:
        app_logging.get().exception("person.failed", name=NAME, reason="bot123:abc")
    assert clean(stream)
    assert "person.failed" in stream.getvalue()
    assert "bot123" not in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_log_filter_applies_before_logging_is_configured() -> None:
    (line,) = lines_of(
        f"from bot.observability import logging;logging.get().error('person.failed', name={NAME!r})"
    )
    assert line["dropped"] == 1


def test_log_is_imported_without_rich() -> None:
    """Check that structlog does not import rich and its dependencies, which take 3 MB."""
    check = "import sys, bot.observability.logging; print({'rich', 'pygments'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_rich_can_be_imported_after_the_log() -> None:
    check = "import bot.observability.logging; import rich; print(rich.__name__)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "rich\n"
