"""SQL appears as text only in migrations and in declared statements."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

BOT = Path(__file__).parents[2] / "bot"
MIGRATIONS = BOT / "db" / "migrations"
COMMAND = re.compile(
    r"\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|SET(?! NULL)|RESET|SHOW|LISTEN|NOTIFY|CREATE"
    r"|ALTER|DROP|GRANT|REVOKE|TRUNCATE|LOCK|VACUUM|ANALYZE|COPY|CALL|BEGIN|COMMIT|DO)\b"
)
TEXTS = ast.Constant | ast.JoinedStr | ast.BinOp
# Modules that may compose SQL with psycopg, because the server accepts no parameters in these
# commands.
COMPOSED = {
    "embedded/db_roles.py": {"ALTER", "CREATE", "DROP", "GRANT", "REVOKE"},
    "web/console/demo_week.py": {"CREATE"},
    "web/console/live_updates.py": {"LISTEN"},
}


def _sources() -> Iterator[tuple[str, str]]:
    for path in sorted(BOT.rglob("*.py")):
        if MIGRATIONS not in path.parents:
            yield path.relative_to(BOT).as_posix(), path.read_text("utf-8")


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func)


def _undeclared(name: str, source: str) -> Iterator[str]:
    """Yield the SQL strings that a module must not contain.

    Only two are allowed: the text of a declared statement, and in the modules of COMPOSED also a
    command that psycopg composes.
    """
    tree = ast.parse(source)
    allowed = set[ast.AST]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            allowed.add(node.value)
        if isinstance(node, ast.Call) and node.args:
            first = node.args[0]
            if _called(node) == "TextStatement.of":
                allowed.add(first)
            elif _called(node) == "SQL" and isinstance(first, ast.Constant):
                command = str(first.value).partition(" ")[0]
                allowed |= {first} if command in COMPOSED.get(name, ()) else set()
            elif _called(node).endswith(".execute") and isinstance(first, TEXTS):
                yield f"{name}:{node.lineno} executes {ast.unparse(first)[:60]}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            if node not in allowed and COMMAND.match(text):
                yield f"{name}:{node.lineno} holds {text.strip()[:60]}"


def test_bot_has_no_sql_text_outside_declared_statements() -> None:
    found = [each for name, source in _sources() for each in _undeclared(name, source)]
    assert not found, "\n".join(found)
    assert [path for path in BOT.rglob("*.sql") if MIGRATIONS not in path.parents] == []


@pytest.mark.parametrize(
    "source",
    [
        'NEWEST = "SELECT max(id) FROM messages"',
        'NEWEST = b"""\n  WITH a AS (SELECT 1) SELECT * FROM a"""',
        'connection.execute("select 1")',
        'connection.execute(f"LISTEN {name}")',
        'connection.execute("DELETE FROM " + name)',
        'SQL("SELECT {}").format(name)',
    ],
)
def test_sql_text_check_detects_every_way_of_writing_sql(source: str) -> None:
    assert list(_undeclared("runtime.py", source))


def test_sql_statements_sent_as_text_each_have_a_comment_with_a_reason() -> None:
    for name, source in _sources():
        if name == "db/pipeline.py":
            continue
        lines = source.splitlines()
        for number, line in enumerate(lines):
            if "= TextStatement.of(" in line:
                assert any("# Text: " in each for each in lines[max(number - 4, 0) : number]), line
