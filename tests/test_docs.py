"""Errors, settings, commands, links, alerts and metrics that the documents name exist."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml

from bot.channels.limits import LIMITS
from bot.cli import assembled, reference
from bot.cli.docs import openapi_documents
from bot.config.settings import Settings
from bot.config.sources import PREFIX
from bot.db.tables import metadata
from bot.observability import explanations, metrics
from bot.observability.metrics import ALARMING
from flows import FLOWS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
CODE = re.compile(r"\bE_[A-Z][A-Z_]*\b")
# Folders of a developer's machine. Each pattern is written in two parts, so that this file does not
# match it.
MACHINE = re.compile("|".join((r"/ro" r"ot/", r"/wo" r"rk/", r"/tmp/ko" r"sh")))
# Patterns of secrets: bot tokens, access tokens, private keys. Each begins with fixed characters,
# which makes the search fast.
TOKENS = [
    re.compile(each)
    for each in (
        r":(?<=[0-9]{8}:)[A-Za-z0-9_-]{35}\b",
        r"gh[pousr]_[A-Za-z0-9]{36}",
        r"AKIA[0-9A-Z]{16}\b",
        r"xox[abprs]-[A-Za-z0-9-]{10}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY",
        r"ey(?<=\bey)[A-Za-z0-9_-]{20,}\.ey",
    )
]
INVENTED = ("tests/",)
# Database tables without personal data, which the data inventory leaves out.
UNLISTED: frozenset[str] = frozenset()


def _text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def _rows(page: str, under: str = "") -> list[list[str]]:
    """Return the cells of each row of a page's Markdown tables, without the header rows.

    With `under`, return only the tables below this second-level heading.
    """
    text = _text(page)
    if under:
        text = text.partition(f"\n## {under}\n")[2].partition("\n## ")[0]
    lines = text.splitlines()
    rules = {number for number, line in enumerate(lines) if re.fullmatch(r"\|[-| :]+\|", line)}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if line.startswith("|") and number not in rules and number + 1 not in rules
    ]


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# Errors, events, and the generated reference


def test_docs_show_settings_without_quotes_or_comments_after_the_value() -> None:
    """systemd and Kosh take a comment after a value, and Kosh also quotes, as part of the value."""
    setting = re.compile(r"^ *KOSH_[A-Z_]+=(?:.* #|[\"']).*", re.MULTILINE)
    guides = (DOCS / "how-to").glob("*.md")
    assert [line for each in guides for line in setting.findall(each.read_text("utf-8"))] == []


@pytest.mark.requirement("S-78")
def test_each_error_code_has_an_explanation_and_is_raised_by_the_source() -> None:
    explained = {entry.code for entry in explanations.errors()}
    raised = set(_codes())
    assert raised - explained == set(), "explain these in bot/observability/errors.toml"
    assert explained - raised == set(), "the code raises none of these"


@pytest.mark.requirement("S-78")
def test_error_explanations_have_event_action_and_actor() -> None:
    actors = {"none", "operator", "officer", "developer", "platform"}
    for entry in explanations.errors():
        assert entry.happened, entry
        assert entry.action, entry
        assert entry.actor in actors, entry


def _codes() -> Iterator[str]:
    """Yield the error codes (`E_…`) in string constants and docstrings of the source."""
    for name in ("flows", "bot"):
        for path in (ROOT / name).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield from CODE.findall(node.value)


def test_documented_log_events_exist_in_the_source() -> None:
    explained = {entry.event for entry in explanations.events()}
    source = "".join(path.read_text("utf-8") for path in (ROOT / "bot").rglob("*.py"))
    assert "worker.failed" in explained
    assert [event for event in explained if f'"{event}"' not in source] == []


def test_generated_reference_lists_every_setting_table_and_metric() -> None:
    pages = reference.pages()
    for name in Settings.model_fields:
        assert f"`{PREFIX}{name.upper()}`" in pages["settings.md"]
    for table in metadata.tables:
        assert f"| `{table}` |" in pages["tables.md"]
        assert f"| `{table}` |" in pages["data-inventory.md"] or table in UNLISTED, table
    for event in ALARMING:
        assert f"**`{event}`**" in pages["log-events.md"]
    for collector in metrics.REGISTRY.collect():
        if collector.name.startswith("kosh_"):
            assert f"`{collector.name}" in pages["metrics.md"]
    contract = tomllib.loads(_text("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    for package in " | ".join(contract["layers"]).split(" | "):
        assert f"`bot/{package}" in pages["modules.md"]


def test_generated_reference_is_committed() -> None:
    committed = {path.name for path in reference.FOLDER.glob("*.md")}
    assert reference.pages().keys() <= committed
    for name in reference.pages():
        assert (reference.FOLDER / name).read_text("utf-8").startswith("<!-- Written by")


def test_commands_reference_lists_every_command() -> None:
    page = reference.pages()["commands.md"]
    listed = set(re.findall(r"^###? \./kosh (.+)$", page, re.MULTILINE))
    known = set(_known()) | {f"{name} {below}" for name, each in _known().items() for below in each}
    assert listed == known


def test_docs_name_existing_settings() -> None:
    known = {name.upper() for name in Settings.model_fields}
    known |= {"SECRETS_DIR", "SETTINGS", "DOMAIN", "UPSTREAM", "WEBHOOKS_UPSTREAM"}
    known |= {"VERSION", "COMMIT", "UPDATE"}
    for page in PAGES:
        # Remove settings of an older release, which upgrade steps name: "`OLD` to `NEW`".
        text = re.sub(rf"`{PREFIX}[A-Z_]+`(?=\s+to\s+`{PREFIX})", "", page.read_text("utf-8"))
        named = re.findall(rf"\b{PREFIX}([A-Z_]+[A-Z])\b(?![_…])", text)
        wrong = {name.removesuffix("_FILE") for name in named} - known
        assert wrong == set(), page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_docs_name_existing_commands(page: Path) -> None:
    for command in _commands(page.relative_to(ROOT).as_posix()):
        words = command.split()[1:]
        known = _known()
        assert words[0] in known, command
        below = known[words[0]]
        assert not below or len(words) < 2 or words[1] in below, command


def _commands(page: str) -> list[str]:
    return re.findall(r"\./kosh [a-z]+(?: [a-z]+(?:-[a-z]+)*\b)?", _text(page))


@cache
def _known() -> dict[str, frozenset[str]]:
    """Return the commands of `./kosh`, each with its subcommands."""
    group = typer.main.get_command(assembled())
    commands = getattr(group, "commands", {})
    return {name: frozenset(getattr(each, "commands", ())) for name, each in commands.items()}


# Links and lists of pages, pictures and tests


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_docs_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in _anchors(found), target


def test_written_forms_page_has_a_picture_of_every_flow_and_channel() -> None:
    # The flow of the registry's questions has no pictures, because its questions are those of the
    # pre-registration.
    shown = [name for name, flow in FLOWS.items() if not flow.answers_to]
    wanted = {f"{flow}-{channel}.webp" for flow in (*shown, "beside") for channel in LIMITS}
    assert {each.name for each in (DOCS / "pictures" / "languages").iterdir()} == wanted
    page = _text("docs/reference/written-forms.md")
    assert [each for each in wanted if f"](../pictures/languages/{each})](" not in page] == []


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, in GitHub's format."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_docs_page_of_promises_names_existing_tests() -> None:
    promised = _rows("docs/explanation/promises.md")
    assert [row[0] for row in promised] == [f"P{number}" for number in range(1, 12)]
    for row in promised:
        for test in _quoted(row[2]):
            path, _, name = test.partition("::")
            assert re.search(rf"\bdef {name}\b", _text(path)), test


def test_site_navigation_lists_every_page() -> None:
    nav = tomllib.loads(_text("zensical.toml"))["project"]["nav"]
    listed = re.findall(r"[\w./-]+\.md", str(nav))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    # Decisions are not in the navigation: their list must link to each of them.
    decisions = {page for page in pages if page.startswith("decisions/0")}
    assert {page.partition("/")[2] for page in decisions} <= set(
        re.findall(r"\]\(([^)]+)\)", _text("docs/decisions/README.md"))
    )
    assert Counter(listed) == Counter(pages - decisions)


# Strings that no file may contain


def test_lock_file_uses_only_the_public_index() -> None:
    hosts = set(re.findall(r"[a-z+]+://[^/\"]+", _text("uv.lock")))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}


def test_source_contains_no_absolute_paths_of_a_developers_machine() -> None:
    assert {name for name, text in _sources() if MACHINE.search(text)} == set()


def test_source_contains_no_tokens() -> None:
    found = {name for name, text in _sources() if any(each.search(text) for each in TOKENS)}
    assert {name for name in found if not name.startswith(INVENTED)} == set()


def _sources() -> Iterator[tuple[str, str]]:
    """Yield path and content of every text file that .gitignore does not exclude."""
    ignored = [".git", *(line.strip("/") for line in _text(".gitignore").split())]
    for folder, names, files in ROOT.walk():
        names[:] = [name for name in names if not _matches(name, ignored)]
        for name in files:
            path = folder / name
            # In an additional work tree `.git` is a file.
            if name != ".git" and not _matches(name, ignored):
                source = path.read_bytes()
                if b"\0" not in source:
                    yield path.relative_to(ROOT).as_posix(), source.decode("utf-8", "ignore")


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


# Alerts, runbooks and metrics


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    [group] = yaml.safe_load(_text("deploy/prometheus/rules.yaml"))["groups"]
    sections = dict(
        each.split("\n", 1) for each in _text("docs/how-to/runbooks.md").split("\n## ")[1:]
    )
    assert sections.keys() == {rule["alert"] for rule in group["rules"]}
    for rule in group["rules"]:
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (page, anchor) == ("docs/how-to/runbooks.md", rule["alert"].lower())
    for name, words in sections.items():
        assert re.search(r"\*\*It means\*\*.*\*\*Look\*\*.*\*\*Do\*\*", words, re.DOTALL), name


def test_alert_rules_and_dashboard_read_existing_metrics() -> None:
    counted = set(
        re.findall(
            r"\"(kosh_[a-z_]+)\"",
            _text("bot/observability/metrics.py") + _text("bot/operations/health.py"),
        )
    )
    counted |= {"process_resident_memory_bytes", "process_cpu_seconds_total", "up"}
    read = _text("deploy/prometheus/rules.yaml") + _text("deploy/grafana/kosh.json")
    used = set(re.findall(r"\b(kosh_[a-z_]+)(?=[{)\[ ])", read))
    ends = ("", "_total", "_sum", "_count", "_bucket")
    assert used - {name + end for name in counted for end in ends} == set()


# OpenAPI documents


def test_openapi_documents_are_up_to_date() -> None:
    for path, text in openapi_documents().items():
        assert path.read_text("utf-8") == text, "run: ./kosh docs openapi"
