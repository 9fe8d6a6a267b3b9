"""The pages of tables with their owners, and of every stored field."""

import re
from collections.abc import Iterator
from importlib.resources import files

from bot.cli.reference.markdown import code, table
from bot.db.tables import metadata
from bot.privacy.data_inventory import INVENTORY

_TABLES = """# Tables

One package owns each table: only its modules write it. Two exceptions:

- The two statements of a turn, in `bot/conversations`, also write rows of `messages`.
- `bot/privacy` deletes from every table, following the [data inventory](data-inventory.md).

"""
_INVENTORY = """# Data inventory

Every stored field: its purpose, protection and lifetime. A column without an entry fails the tests.
How the rules work together is explained in [privacy](../explanation/privacy.md).

"""
_CLASS = re.compile(r'^class (\w+)\(Base\):  # (.+)\n    __tablename__ = "(\w+)"$', re.MULTILINE)


def tables_page() -> str:
    """Return every table with its class, owner and columns."""
    rows = (
        (
            code(name),
            code(mapped),
            owner,
            ", ".join(map(code, metadata.tables[name].columns.keys())),
        )
        for name, mapped, owner in sorted(_declared())
    )
    return _TABLES + table(("table", "class", "written by", "columns"), rows)


def _declared() -> Iterator[tuple[str, str, str]]:
    for module in files("bot.db.tables").iterdir():
        if module.name.endswith(".py"):
            for mapped, owner, name in _CLASS.findall(module.read_text("utf-8")):
                yield name, mapped, owner


def inventory_page() -> str:
    """Return every entry of the inventory, with a short key for long lifetimes."""
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
    return _INVENTORY + intro + table(head, rows)
