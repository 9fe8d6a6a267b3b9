"""Rules of the repository: imports, sizes of modules, database tables and database roles."""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from importlinter.cli import lint_imports
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier
from pydantic import SecretStr
from sqlalchemy import LargeBinary, create_engine, pool

from bot.cli.reference.data import writers
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.db.tables import metadata
from bot.embedded import Databases
from bot.privacy.data_inventory import INVENTORY, Protection
from bot.runtime import runtime

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for name in ("flows", "bot") for path in (ROOT / name).rglob("*.py"))
SHELVES = {"utils", "helpers", "common", "base", "manager", "service", "misc"}
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_LINES = 400
MAX_FUNCTION_LINES = 40
# Standard modules for I/O, time or random numbers, which the package `flows` must not import.
IMPURE = {
    "asyncio", "ctypes", "http", "io", "locale", "logging", "multiprocessing", "os", "pathlib",
    "random", "secrets", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "uuid",
}  # fmt: skip
IMPURE_CALLS = {"now", "open", "print", "input", "today", "utcnow"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Imports and sizes of modules


def test_imports_follow_the_layers(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert code == 0, capsys.readouterr().out


def test_flows_import_only_the_standard_library_and_themselves() -> None:
    allowed = sys.stdlib_module_names | {"flows"}
    foreign = {
        f"{_name(path)}: {name}"
        for path in MODULES
        if _name(path).startswith("flows/")
        for name in _imported(path)
        if name not in allowed
    }
    assert foreign == set()


def test_flows_use_no_clock_randomness_or_io() -> None:
    impure = {
        f"{_name(path)}: {name}"
        for path in MODULES
        if _name(path).startswith("flows/")
        for name in (_imported(path) & IMPURE) | (_called(path) & IMPURE_CALLS)
    }
    assert impure == set()


def test_modules_have_no_names_like_utils_or_helpers() -> None:
    assert {_name(path) for path in MODULES if SHELVES & set(_name(path)[:-3].split("/"))} == set()


def test_modules_have_docstrings() -> None:
    silent = [
        _name(path)
        for path in MODULES
        if path.stat().st_size and not ast.get_docstring(_tree(path))
    ]
    assert silent == []


def test_modules_stay_within_the_line_limit() -> None:
    lengths = {_name(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    long = {name for name, lines in lengths.items() if lines > MAX_LINES}
    assert long == set(), "split it"


def test_functions_stay_within_the_line_limit() -> None:
    long = {
        f"{_name(path)}: {node.name}"
        for path in MODULES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    }
    assert long == set()


def test_test_modules_import_no_private_name_from_each_other() -> None:
    """Helpers that several test modules use are public and are not part of a test module."""
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in TESTS}
    found = {f"{_name(path)}: {use}" for path in TESTS for use in _private_uses(path, modules)}
    assert found == set()


def _private_uses(path: Path, modules: set[str]) -> Iterator[str]:
    """Yield the private names of `modules` that a module imports, or reads from an imported one."""
    tree, imported = _tree(path), dict[str, str]()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                imported |= {each.asname or each.name: each.name for each in names}
            case ast.ImportFrom(str() as module, names):
                imported |= {each.asname or each.name: f"{module}.{each.name}" for each in names}
                if module in modules:
                    yield from (f"{module}.{each.name}" for each in names if each.name[0] == "_")
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Name(name), attribute) if imported.get(name) in modules:
                if attribute[0] == "_" and attribute[:2] != "__":
                    yield f"{imported[name]}.{attribute}"


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _imported(path: Path) -> set[str]:
    """Return the top-level names of all modules that a module imports."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        match node:
            case ast.Import(names):
                found |= {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module) if module:
                found.add(module.partition(".")[0])
    return found


def _called(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        match node:
            case ast.Call(ast.Name(name)) | ast.Call(ast.Attribute(_, name)):
                found.add(name)
    return found


# Database tables and the data inventory


def test_table_models_match_the_migrated_database(databases: Databases) -> None:
    url = databases.owner.replace("postgresql", "postgresql+psycopg", 1)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": _is_compared,
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def _is_compared(name: str | None, kind: str, _parents: object) -> bool:
    """Return True if an object is compared between the models and the migrated database.

    Only the tables of the job queue and the clock table of test databases are not compared.
    """
    return kind != "table" or not (name or "").startswith(("procrastinate_", "test_clock"))


def test_each_table_except_messages_is_written_by_only_one_package() -> None:
    shared = {name: found for name, found in writers().items() if len(found) > 1}
    assert shared == {"Message": {"conversations", "outbox"}}
    assert {"Case": {"cases"}, "BreakGlassRequest": {"desk"}}.items() <= writers().items()


@pytest.mark.requirement("S-26")
def test_data_inventory_lists_every_column_once() -> None:
    listed = Counter(_listed())
    exist = {(table.name, column.name) for table in metadata.tables.values() for column in table.c}
    assert listed.keys() - exist == set(), "these columns are gone"
    assert exist - listed.keys() == set(), "say why they are kept, how protected, how long"
    assert [place for place, times in listed.items() if times > 1] == []


def _listed(*protections: Protection) -> Iterator[tuple[str, str]]:
    for entry in INVENTORY:
        if not protections or entry.protection in protections:
            yield from ((entry.table, column) for column in entry.columns)


@pytest.mark.requirement("S-26")
def test_data_inventory_encrypted_columns_are_binary() -> None:
    hidden = set(_listed(Protection.SEALED, Protection.TRANSIENT, Protection.BLIND))
    hidden.remove(("people", "key_version"))  # which key wraps the person's; a number
    kinds = {place: metadata.tables[place[0]].c[place[1]].type for place in hidden}
    assert {place for place, kind in kinds.items() if not isinstance(kind, LargeBinary)} == set()


# Database roles


@pytest.mark.parametrize("role", ["owner", "app", "retention", "console"])
@pytest.mark.requirement("S-54")
def test_database_roles_have_only_the_listed_privileges(databases: Databases, role: str) -> None:
    with psycopg.connect(getattr(databases, role)) as session:
        powers = session.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert powers == (False,) * 5


@pytest.mark.parametrize("role", ["app", "retention", "console"])
def test_database_schema_can_be_changed_only_by_the_owner_role(
    databases: Databases, role: str
) -> None:
    _refused(getattr(databases, role), "CREATE TABLE mine (id int)")
    _refused(getattr(databases, role), "ALTER TABLE people DROP COLUMN mission")


@pytest.mark.parametrize(
    ("table", "column"), [("consents", "given"), ("tombstones", "hash"), ("audit_entries", "actor")]
)
@pytest.mark.requirement("S-24", "S-64")
def test_app_role_cannot_rewrite_append_only_tables(
    databases: Databases, table: str, column: str
) -> None:
    _refused(databases.app, SQL("DELETE FROM {}").format(Identifier(table)))
    rewrite = SQL("UPDATE {} SET {} = {}").format(*map(Identifier, (table, column, column)))
    _refused(databases.app, rewrite)


@pytest.mark.parametrize(
    ("table", "column"), sorted(_listed(Protection.SEALED, Protection.TRANSIENT))
)
@pytest.mark.requirement("S-54")
def test_retention_role_cannot_read_encrypted_columns(
    databases: Databases, table: str, column: str
) -> None:
    read = SQL("SELECT {} FROM {}").format(Identifier(column), Identifier(table))
    _refused(databases.retention, read)


@pytest.mark.row(86)
def test_console_role_sees_cases_and_people_of_one_mission(databases: Databases) -> None:
    ankara_case, tashkent_case = _case(databases.app, "ankara"), _case(databases.app, "tashkent")
    assert _seen(databases.console, "ankara") == _each(ankara_case)
    assert _seen(databases.console, "tashkent") == _each(tashkent_case)


@pytest.mark.requirement("S-54")
def test_console_role_without_a_mission_sees_no_person(databases: Databases) -> None:
    _case(databases.app, "ankara")
    assert _seen(databases.console, "") == _each()
    with psycopg.connect(databases.console) as session:
        assert session.execute("SELECT count(*) FROM people").fetchone() == (0,)


def test_console_role_cannot_change_a_case_of_another_mission(databases: Databases) -> None:
    _case(databases.app, "tashkent")
    with psycopg.connect(databases.console) as session:
        session.execute("SELECT set_config('kosh.mission', 'ankara', true)")
        assert session.execute("UPDATE cases SET urgent = true").rowcount == 0


@pytest.mark.requirement("S-54")
async def test_runtime_refuses_to_start_as_a_database_superuser(
    chosen: Settings, admin_url: str
) -> None:
    name = urlsplit(chosen.database()).path
    root = chosen.model_copy(
        update={"database_url": SecretStr(urlsplit(admin_url)._replace(path=name).geturl())}
    )
    with pytest.raises(ConfigError, match="superuser"):
        async with runtime(root):
            pass


# Tables that the console's database role can read, with a query of the visible people's ids.
_REACHED: dict[str, LiteralString] = {
    "people": "SELECT id FROM people",
    "cases": "SELECT person_id FROM cases",
    "case_messages": "SELECT person_id FROM case_messages",
    "registrations": "SELECT person_id FROM registrations",
}


def _each(*people: UUID) -> dict[str, set[UUID]]:
    return {table: set(people) for table in _REACHED}


def _case(app_url: str, mission: str) -> UUID:
    """Insert an invented person with a case, a message and a registration.

    Return the person's id.
    """
    person, case = uuid4(), uuid4()
    statements: tuple[LiteralString, ...] = (
        "INSERT INTO people (id, key, key_version) VALUES (%(person)s, '', 1)",
        "INSERT INTO cases (id, person_id, mission, topic, urgent, language, state)"
        " VALUES (%(case)s, %(person)s, %(mission)s, 'general', false, 'kk', 'queued')",
        "INSERT INTO case_messages (case_id, person_id, body) VALUES (%(case)s, %(person)s, '')",
        "INSERT INTO registrations (id, person_id, state) VALUES (%(case)s, %(person)s, 'pending')",
    )
    with psycopg.connect(app_url) as session:
        for statement in statements:
            session.execute(statement, {"person": person, "case": case, "mission": mission})
    return person


def _seen(console_url: str, mission: str) -> dict[str, set[UUID]]:
    with psycopg.connect(console_url) as session:
        session.execute("SELECT set_config('kosh.mission', %s, true)", (mission,))
        return {
            table: {row[0] for row in session.execute(statement)}
            for table, statement in _REACHED.items()
        }


def _refused(url: str, statement: LiteralString | psycopg.sql.Composed) -> None:
    with psycopg.connect(url) as session, pytest.raises(InsufficientPrivilege):
        session.execute(statement)
