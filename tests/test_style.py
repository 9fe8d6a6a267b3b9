"""The number of violations of the style guide does not rise (CONTRIBUTING.md, "How to write").

style_limits.json has the highest permitted numbers.
"""

import ast
import io
import json
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIMITS = json.loads((ROOT / "tests" / "style_limits.json").read_text("utf-8"))
MAX_TEST_NAME = 70
MAX_SUBJECT = 72
# The last commit before the style guide. The subjects of this and earlier commits are not checked.
FIRST = "abedab2443c302a5abe355e3df582871d1685d4b"
OPENING = re.compile(
    r"(?:^|[.!?:;]\s+)(?:who|whoever|what|whatever|such|so many|so long|else|nobody|of)\b", re.I
)
PRIVATE_WORD = re.compile(
    r"\b(?:told|anew|of before|of now|ours|theirs|stands?|stood|nobody)\b", re.I
)
# In documents, a list may begin with "what", and a sentence after a colon with "of".
DOCS_OPENING = re.compile(
    r"(?:^|[.!?]\s+)(?:who|whoever|what|whatever|such|so many|so long|else|nobody)\b", re.I
)
MAX_LINE = 160
TEST_FUNCTION = re.compile(r"^ *(?:async )?def (test_\w+)", re.M)
# Comments of configuration, stylesheets, scripts, templates and SQL.
COMMENT = re.compile(r"^[ \t]*(?:#|//|--|/\*+|\{#-?)[ \t]+(\S.*)$", re.M)
COMMENTED = {".css", ".html", ".js", ".service", ".sql", ".timer", ".toml", ".typ", ".yaml", ".yml"}
COMMENTED_NAMES = {"Caddyfile", "CODEOWNERS", "Dockerfile", "kosh", "run"}
LIMIT_NAME = re.compile(r"\b_?(?:MOST|LEAST|LONGEST|SHORTEST|FARTHEST|FEWEST)(?:_[A-Z]+)*\b")


@cache
def _sources(folder: str) -> tuple[tuple[Path, str], ...]:
    return tuple(
        (path, path.read_text("utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "versions" not in path.parts
    )


@cache
def _prose(source: str) -> tuple[str, ...]:
    """Return each docstring and each comment of a module; cached, because two rules read it."""
    return tuple(_docstrings_and_comments(source))


def _docstrings_and_comments(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("# ")


def _found(pattern: re.Pattern[str], folder: str) -> list[str]:
    """Return each match with its file and the surrounding words."""
    return [
        f"{path.relative_to(ROOT)}: {text[max(0, match.start() - 30) : match.end() + 20]}"
        for path, source in _sources(folder)
        for text in _prose(source)
        for match in pattern.finditer(text)
    ]


@pytest.mark.parametrize("folder", ["bot", "flows", "tests"])
def test_prose_has_no_more_forbidden_sentence_openings_than_allowed(folder: str) -> None:
    found = _found(OPENING, folder)
    assert len(found) <= LIMITS["openings"][folder], found


@pytest.mark.parametrize("folder", ["bot", "flows", "tests"])
def test_prose_has_no_more_forbidden_words_than_allowed(folder: str) -> None:
    found = _found(PRIVATE_WORD, folder)
    assert len(found) <= LIMITS["private_words"][folder], found


def test_comments_of_other_files_have_no_more_forbidden_words_than_allowed() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no git history here")
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    found = [
        f"{path.relative_to(ROOT)}: {comment}"
        for path in paths
        if path.suffix in COMMENTED or path.name in COMMENTED_NAMES
        for comment in COMMENT.findall(path.read_text("utf-8"))
        if DOCS_OPENING.search(comment) or PRIVATE_WORD.search(comment)
    ]
    assert len(found) <= LIMITS["other_files"], found


def _pages() -> Iterator[tuple[Path, str]]:
    """Yield (path, text without code blocks) of each hand-written page.

    Generated pages and texts that people read in the chat are left out.
    """
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        text = path.read_text("utf-8")
        generated = text.startswith("<!-- Written by") or "flows" in path.parts
        if not generated and path.name != "notice.md":
            yield path, re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs and list items of Markdown, without tables and headings.

    Code, emphasized words and quotations within them are removed.
    """
    for block in re.split(r"\n\s*\n|\n\s*(?:[-*]|\d+\.) ", text):
        lines = [line for line in block.splitlines() if not line.lstrip().startswith(("|", "#"))]
        plain = re.sub(r'`[^`]*`|\*[^*]+\*|"[^"]*"|\[|\]\([^)]*\)', " ", " ".join(lines))
        yield " ".join(plain.split())


def test_docs_avoid_forbidden_sentence_openings_and_archaic_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {paragraph[:60]}"
        for path, text in _pages()
        for paragraph in _paragraphs(text)
        if DOCS_OPENING.search(paragraph) or PRIVATE_WORD.search(paragraph)
    ]
    assert found == []


def test_docs_lines_stay_within_160_characters() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {line[:60]}"
        for path, text in _pages()
        for line in text.splitlines()
        if len(line) > MAX_LINE and not line.lstrip().startswith(("|", "!", "(`SELECT"))
    ]
    assert long == []


def test_names_of_limit_constants_begin_with_max_or_min() -> None:
    found = {
        name
        for folder in ("bot", "flows")
        for _, source in _sources(folder)
        for name in LIMIT_NAME.findall(source)
    }
    assert found == set()


def test_test_names_stay_within_70_characters() -> None:
    long = [
        name
        for _, source in _sources("tests")
        for name in TEST_FUNCTION.findall(source)
        if len(name) > MAX_TEST_NAME
    ]
    assert len(long) <= LIMITS["long_test_names"], long


def test_commit_subjects_stay_within_72_characters() -> None:
    command = ["git", "log", "--format=%s", f"{FIRST}..HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no git history here")
    long = {each for each in done.stdout.splitlines() if len(each) > MAX_SUBJECT}
    assert long == set()


def test_prose_checks_detect_forbidden_words() -> None:
    assert OPENING.findall("Who writes is told.") != []
    assert PRIVATE_WORD.findall("Nobody stands here.") != []
    assert OPENING.findall("Return the number of rows.") == []
