"""Files that GitHub reads are valid by GitHub's schemas and match the repository."""

import json
import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yaml"))
SCHEMAS = {
    "github-workflows": sorted((GITHUB / "workflows").glob("*.yaml")),
    "dependabot": [GITHUB / "dependabot.yml"],
    "github-issue-forms": FORMS,
    "github-issue-config": [GITHUB / "ISSUE_TEMPLATE/config.yml"],
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_github_files_are_valid_by_their_schemas(schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    assert SCHEMAS[schema]
    done = subprocess.run([*command, *SCHEMAS[schema]], check=False, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize(
    ("name", "command"), [("ci", ".ci/run"), ("nightly", ".ci/run --all")], ids=["ci", "nightly"]
)
def test_workflow_runs_the_ci_script_on_debian(name: str, command: str) -> None:
    workflow = yaml.safe_load((GITHUB / f"workflows/{name}.yaml").read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    [job] = workflow["jobs"].values()
    assert job["container"].startswith("debian:")
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[-1] == command
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_code_owners_file_names_existing_folders() -> None:
    lines = (GITHUB / "CODEOWNERS").read_text("utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    assert rows[0][0] == "*"
    for pattern, *owners in rows:
        assert owners, pattern
        assert pattern == "*" or (ROOT / pattern.strip("/")).exists(), pattern


def test_editorconfig_agrees_with_the_formatter() -> None:
    editor = ConfigParser()
    editor.read_string("[top]\n" + (ROOT / ".editorconfig").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert editor.getint("*.py", "max_line_length") == project["tool"]["ruff"]["line-length"]


def test_dev_container_has_the_packages_of_the_ci_script() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    installed = set(container["onCreateCommand"].split())
    wanted = re.findall(r"^wanted\+?=\((.*)\)$", (ROOT / ".ci/run").read_text("utf-8"), re.M)
    packages = {each for line in wanted for each in line.split()}
    assert {each for each in packages if not each.startswith("python3")} <= installed
