"""`licences` and `sbom`: report the dependencies in the lock file."""

import json
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.environment import ROOT

app = typer.Typer()

EXPORT = (
    *("uv", "export", "--preview-features", "sbom-export", "--format", "cyclonedx1.5"),
    *("--frozen", "--no-dev", "--all-extras"),
)
# SPDX identifier of each licence name that occurs in package metadata.
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
}


@dataclass(frozen=True)
class Package:
    """A runtime dependency; `licence` is "" if the package is not installed here."""

    name: str
    version: str
    licence: str


@app.command()
def licences() -> None:
    """List the licence of every runtime dependency; exit with 1 if one is not allowed.

    The allow-list is in pyproject.toml, under tool.kosh.
    """
    found = list(packages(bill()))
    for each in found:
        typer.echo(f"{each.name:24} {each.version:18} {each.licence or 'not for this machine'}")
    strange = [each.name for each in found if not is_let_in(each.licence)]
    if strange:
        typer.echo(f"E_LICENCE: look at {', '.join(strange)}, and let it in or leave it", err=True)
        raise typer.Exit(1)


@app.command()
def sbom(
    to: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it to this file.")] = None,
) -> None:
    """Print the software bill of materials (CycloneDX 1.5): packages, hashes and licences."""
    written = json.dumps(bill(), indent=1) + "\n"
    if to is None:
        typer.echo(written, nl=False)
    else:
        to.write_text(written, "utf-8")


def bill() -> dict[str, Any]:
    """Return the software bill of materials with licences.

    The same lock file always gives the same document, because it has no timestamp and no random
    serial number.
    """
    made = subprocess.run(EXPORT, cwd=ROOT, capture_output=True, check=True)
    document: dict[str, Any] = json.loads(made.stdout)
    document.pop("serialNumber", None)
    document["metadata"].pop("timestamp", None)
    for each in document["components"]:
        if licence := _licence(each["name"]):
            each["licenses"] = [{"expression": licence}]
    return document


def packages(document: dict[str, Any]) -> Iterator[Package]:
    """Yield the packages of a bill of materials."""
    for each in document["components"]:
        licence = each.get("licenses", [{"expression": ""}])[0]["expression"]
        yield Package(each["name"], each["version"], licence)


def is_let_in(licence: str) -> bool:
    """Return True if an SPDX licence expression is allowed.

    One operand of each OR must be allowed, and all operands of an AND.
    """
    allowed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["kosh"]["licences"])
    return not licence or any(
        set(choice.split(" AND ")) <= allowed for choice in licence.split(" OR ")
    )


def _licence(name: str) -> str:
    """Return the licence from the package's metadata; "" if the package is not installed."""
    try:
        fields = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    classes = [each.rpartition(" :: ")[2] for each in fields.get_all("Classifier") or ()]
    words = (fields.get("License") or "").splitlines()[:1]
    known = [*words, *(each for each in classes if each in _SPDX)]
    written = fields.get("License-Expression") or (known[0] if known else "unknown")
    return _SPDX.get(written, written).strip()
