"""`licences` and `sbom`: report the dependencies in the lock file."""

import json
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

import typer

from bot.cli.environment import ROOT
from bot.operations.version import built, source_time

app = typer.Typer()

EXPORT = (
    *("uv", "export", "--preview-features", "sbom-export", "--format", "cyclonedx1.5"),
    *("--frozen", "--no-dev", "--all-extras"),
)
NAME, LICENCE = "kosh-assistant", "Apache-2.0"
# SPDX identifier of each licence, by the names that occur in package metadata.
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
    refused = [each.name for each in found if not is_allowed(each.licence)]
    if refused:
        typer.echo(f"E_LICENCE: look at {', '.join(refused)}, and let it in or leave it", err=True)
        raise typer.Exit(1)


@app.command()
def sbom(
    to: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it to this file.")] = None,
) -> None:
    """Print the software bill of materials (CycloneDX 1.6): packages, hashes and licences."""
    if to is not None and not to.parent.is_dir():
        raise typer.BadParameter("its folder does not exist; create it first", param_hint="--to")
    written = json.dumps(bill(), indent=1) + "\n"
    if to is None:
        typer.echo(written, nl=False)
    else:
        to.write_text(written, "utf-8")


def bill() -> dict[str, Any]:
    """Return the software bill of materials with licences.

    uv writes CycloneDX 1.5, which `_convert` converts to 1.6. The time is that of the commit, and
    the serial number derives from the content. The version and the licences come from the installed
    packages. The same commit, uv and packages therefore give the same document.
    """
    result = subprocess.run(EXPORT, cwd=ROOT, capture_output=True, check=True)
    document = _convert(json.loads(result.stdout))
    for each in document["components"]:
        if licence := _licence(each["name"]):
            each["licenses"] = _licence_entries(licence)
    # uv gives each document a random serial number, which would make each run's document different.
    document.pop("serialNumber", None)
    content = json.dumps(document, sort_keys=True)
    return document | {"serialNumber": uuid5(NAMESPACE_URL, content).urn}


def _convert(document: dict[str, Any]) -> dict[str, Any]:
    """Convert uv's CycloneDX 1.5 to 1.6.

    CycloneDX 1.6 deprecates the list of tools, so each tool becomes a component with a type. uv
    records only the name of Kosh itself, so its type (application), version, licence and package
    URL are added. The key `bom-ref` is kept, because the dependencies refer to it. uv lists Kosh as
    a dependency of itself, because of its extras, and that entry is removed.
    """
    described = document["metadata"]
    tools = [
        {"type": "application", "publisher": tool["vendor"]}
        | {key: tool[key] for key in ("name", "version")}
        for tool in described["tools"]
    ]
    version, _commit = built()
    main = described["component"] | {
        "type": "application",
        "version": version,
        "purl": f"pkg:pypi/{NAME}@{version}",
        "licenses": _licence_entries(LICENCE),
    }
    for each in document["dependencies"]:
        if each["ref"] == main["bom-ref"]:
            refs = each.get("dependsOn", ())
            each["dependsOn"] = [ref for ref in refs if ref != main["bom-ref"]]
    time = source_time(ROOT)
    stamp = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ")} if time else {}
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
    }
    described = stamp | {"tools": {"components": tools}, "component": main}
    return document | head | {"metadata": described}


def _licence_entries(licence: str) -> list[dict[str, str]]:
    """Return a licence as CycloneDX 1.6 writes it: declared by the author and not verified."""
    return [{"expression": licence, "acknowledgement": "declared"}]


def packages(document: dict[str, Any]) -> Iterator[Package]:
    """Yield the packages that a software bill of materials lists."""
    for each in document["components"]:
        licence = each.get("licenses", [{"expression": ""}])[0]["expression"]
        yield Package(each["name"], each["version"], licence)


def is_allowed(licence: str) -> bool:
    """Return True if an SPDX licence expression is allowed, or is "" (unknown).

    One operand of each OR must be allowed, and all operands of an AND.
    """
    allowed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["kosh"]["licences"])
    return not licence or any(
        set(choice.split(" AND ")) <= allowed for choice in licence.split(" OR ")
    )


def _licence(name: str) -> str:
    """Return the licence in the metadata of the package; "" if the package is not installed."""
    try:
        fields = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    classes = [each.rpartition(" :: ")[2] for each in fields.get_all("Classifier") or ()]
    words = (fields.get("License") or "").splitlines()[:1]
    known = [*words, *(each for each in classes if each in _SPDX)]
    written = fields.get("License-Expression") or (known[0] if known else "unknown")
    return _SPDX.get(written, written).strip()
