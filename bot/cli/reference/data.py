"""Reference pages: the tables with the packages that write them, and all stored fields."""

import ast
from collections.abc import Iterator
from functools import cache

from sqlalchemy import Table

from bot.cli.reference.markdown import code, table
from bot.cli.reference.source import sources
from bot.db.tables import Base
from bot.privacy.data_inventory import INVENTORY, TRANSFERS

_TABLES = """# Tables

A table is named as its class in `bot/db/tables`, its columns as the attributes. One package owns
each table: only its modules write it, or only triggers do. Two exceptions:

- The two statements of a turn, in `bot/conversations`, also write rows of `messages`.
- `bot/privacy` deletes from every table, following the [data inventory](data-inventory.md).

"""
_INVENTORY = """# Data inventory

Every stored field: its purpose, protection and lifetime. A column without an entry fails the tests.
How the rules work together is explained in [privacy](../explanation/privacy.md).

"""
_TRANSFERS = """
## What leaves the installation

"""
# The package that deletes data at the end of its lifetime. It deletes from every table, so it
# counts as a writer only of tables into which it inserts.
_RETENTION = "privacy"


def tables_page() -> str:
    """Return the page of tables: for each its class, the packages that write it, its columns."""
    rows = (
        (
            code(mapped.name),
            code(name),
            ", ".join(sorted(writers().get(name, ()))) or "triggers",
            ", ".join(map(code, mapped.columns.keys())),
        )
        for mapped, name in sorted(
            (
                (mapper.local_table, mapper.class_.__name__)
                for mapper in Base.registry.mappers
                if isinstance(mapper.local_table, Table)
            ),
            key=lambda pair: pair[0].name,
        )
    )
    return _TABLES + table(("table", "class", "written by", "columns"), rows)


@cache
def writers() -> dict[str, set[str]]:
    """Return the packages whose code writes each table, keyed by the name of the table's class.

    The package that deletes expired data counts only for tables into which it inserts.
    """
    found: dict[str, set[str]] = {}
    for path, tree in sources("bot"):
        package = path.split("/")[1]
        classes = dict(_aliases(tree))
        for node in ast.walk(tree):
            match node:
                case ast.Call(ast.Name("insert" | "update" | "delete" as verb), [written, *_]):
                    name = classes.get(ast.unparse(written), ast.unparse(written))
                    if name.startswith("t.") and (package != _RETENTION or verb == "insert"):
                        found.setdefault(name.removeprefix("t."), set()).add(package)
    return found


def _aliases(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each module-level alias of a table's class: the alias and the class, as `t.Class`."""
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Attribute(ast.Name("t"), mapped)):
                yield name, f"t.{mapped}"


def inventory_page() -> str:
    """Return the page of the data inventory, which lists every stored field.

    Long retention texts that occur often are replaced by letters, which a legend explains.
    """
    lifetimes = dict.fromkeys(entry.kept for entry in INVENTORY)
    repeated = [
        kept
        for kept in lifetimes
        if sum(each.kept == kept for each in INVENTORY) > 3 and len(kept) > 40
    ]
    keys = {kept: chr(ord("A") + number) for number, kept in enumerate(repeated)}
    legend = "".join(f"- **{key}**: {kept}\n" for kept, key in keys.items())
    rows = (
        (
            code(each.table),
            ", ".join(map(code, each.columns)),
            each.purpose,
            each.protection,
            keys.get(each.kept, each.kept),
            each.erased,
            "yes" if each.exported else "",
        )
        for each in INVENTORY
    )
    head = ("table", "fields", "purpose", "protection", "kept", "when erased", "in `my data`")
    intro = f"Letters in the column *kept*:\n\n{legend}\n" if legend else ""
    sent = ((each.to, each.what, each.purpose, each.condition) for each in TRANSFERS)
    leaves = table(("to", "what", "purpose", "only if"), sent)
    return _INVENTORY + intro + table(head, rows) + _TRANSFERS + leaves
