"""Reference page of modules by tier, from the import contract and the modules' docstrings."""

import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.cli.environment import ROOT
from bot.cli.reference.markdown import code, table
from bot.cli.reference.source import first_line, sources

_HEAD = """# Modules

Packages in the order of the import contract in `pyproject.toml`: a package imports only packages
of lower tiers, and packages of one tier do not import each other. `flows` is below all of them and
imports the standard library alone. Why: [architecture](../explanation/architecture.md).

"""


def page() -> str:
    """Return the page of modules: the tiers with their packages, then each package's modules."""
    packages = [name for tier in _tiers() for name in tier]
    rows = (
        (str(number), _link(name), _package_line(name))
        for number, tier in enumerate(_tiers(), 1)
        for name in tier
    )
    sections = (_section(f"bot/{name}") for name in packages if (ROOT / "bot" / name).is_dir())
    parts = ("flows", "flows/engine", "flows/knowledge", "flows/preregistration")
    flows = (_section(name) for name in parts)
    overview = table(("tier", "package", "purpose"), rows)
    return _HEAD + overview + "".join(sections) + "".join(flows)


def _tiers() -> list[list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [layer.split(" | ") for layer in contract["layers"]]


def _link(name: str) -> str:
    return f"[`bot/{name}`](#bot{name})" if (ROOT / "bot" / name).is_dir() else f"`bot/{name}.py`"


def _package_line(name: str) -> str:
    places = {f"bot/{name}.py", f"bot/{name}/__init__.py"}
    return next(first_line(tree) for path, tree in sources("bot") if path in places)


def _section(folder: str) -> str:
    return f"\n## {folder}\n\n" + table(("module", "purpose"), _modules(folder))


def _modules(folder: str) -> Iterator[tuple[str, str]]:
    package = folder.partition("/")[0]
    for path, tree in sources(package):
        inside = PurePosixPath(path).is_relative_to(folder)
        if folder == "flows":
            inside = PurePosixPath(path).parent.as_posix() == "flows"
        if inside and (line := first_line(tree)):
            yield code(PurePosixPath(path).relative_to(folder).as_posix()), line
