"""The provenance statement of a wheel (its commit and lock files) is complete and reproducible.

Kosh writes none if wheel, files and commit do not match.
"""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import provenance
from bot.cli.provenance import LOCKS, ProvenanceError, read_source, statement

IDENTITY = ("-c", "user.name=Kosh", "-c", "user.email=kosh@example.org")
EPOCH = 1_700_000_000
NEEDS_UV = pytest.mark.skipif(shutil.which("uv") is None, reason="no uv on the path")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a new Git repository with lock files, one commit and a release's tag."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
    folder = tmp_path / "checkout"
    (folder / "tools").mkdir(parents=True)
    for name in LOCKS:
        (folder / name).write_text(name)
    _git(folder, "init", "--quiet")
    _git(folder, "add", ".")
    _git(folder, *IDENTITY, "commit", "--quiet", "--message", "a release")
    _git(folder, *IDENTITY, "tag", "--annotate", "--message", "a release", "v2026.12.0")
    return folder


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout.strip()


def _wheel(folder: Path, version: str = "2026.12.0") -> Path:
    wheel = folder / f"kosh_assistant-{version}-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    return wheel


@NEEDS_UV
def test_provenance_names_wheel_commit_and_lock_files(checkout: Path, tmp_path: Path) -> None:
    wheel = _wheel(tmp_path)
    commit = _git(checkout, "rev-parse", "HEAD")
    provenance = statement(wheel, read_source(checkout), "https://builder.example")
    assert provenance["_type"] == "https://in-toto.io/Statement/v1"
    assert provenance["predicateType"] == "https://slsa.dev/provenance/v1"
    digest = hashlib.sha256(b"a wheel").hexdigest()
    assert provenance["subject"] == [{"name": wheel.name, "digest": {"sha256": digest}}]
    assert provenance["predicate"].keys() == {"buildDefinition", "runDetails"}
    definition, run = provenance["predicate"].values()
    assert definition["externalParameters"]["commit"] == commit
    assert definition["internalParameters"] == {"SOURCE_DATE_EPOCH": EPOCH}
    used = {each["name"]: each["digest"] for each in definition["resolvedDependencies"]}
    assert used.pop("source") == {"gitCommit": commit}
    assert used == {name: {"sha256": hashlib.sha256(name.encode()).hexdigest()} for name in LOCKS}
    assert run["builder"]["id"] == "https://builder.example"
    assert definition["buildType"].startswith("https://")


@NEEDS_UV
def test_provenance_of_one_wheel_and_commit_is_reproducible(checkout: Path, tmp_path: Path) -> None:
    wheel = _wheel(tmp_path)
    once, again = (json.dumps(statement(wheel, read_source(checkout))) for _ in range(2))
    assert once == again


def test_provenance_is_refused_when_a_file_differs_from_the_commit(checkout: Path) -> None:
    (checkout / "uv.lock").write_text("another package")
    with pytest.raises(ProvenanceError, match=r"M uv\.lock"):
        read_source(checkout)


def test_provenance_is_refused_for_an_untracked_file_of_the_package(checkout: Path) -> None:
    _git(checkout, "config", "status.showUntrackedFiles", "no")
    (checkout / "dist").mkdir()
    (checkout / "dist" / "provenance.json").write_text("not in the wheel")
    assert read_source(checkout)
    (checkout / "bot").mkdir()
    (checkout / "bot" / "added.py").write_text("")
    with pytest.raises(ProvenanceError, match=r"\?\? bot/added\.py"):
        read_source(checkout)


def test_provenance_is_refused_when_git_status_fails(checkout: Path) -> None:
    (checkout / ".git" / "index").write_text("damaged")
    with pytest.raises(ProvenanceError, match="git status failed"):
        read_source(checkout)


def test_provenance_is_refused_without_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
    with pytest.raises(ProvenanceError, match="no git commit"):
        read_source(tmp_path)


@NEEDS_UV
def test_provenance_is_refused_for_a_wheel_of_another_commit(
    checkout: Path, tmp_path: Path
) -> None:
    commit = _git(checkout, "rev-parse", "--short=8", "HEAD")
    source = read_source(checkout)
    assert statement(_wheel(tmp_path, f"2026.11.0.dev3+g{commit}"), source)
    with pytest.raises(ProvenanceError, match="build it again"):
        statement(_wheel(tmp_path, "2026.11.0.dev3+gfffffff"), source)


@NEEDS_UV
def test_provenance_of_a_release_needs_its_tag_at_the_commit(
    checkout: Path, tmp_path: Path
) -> None:
    released = _wheel(tmp_path)
    assert statement(released, read_source(checkout))
    for version in ("2026.12.1", "2026.12.*"):
        with pytest.raises(ProvenanceError, match="build it again"):
            statement(_wheel(tmp_path, version), read_source(checkout))
    _git(checkout, *IDENTITY, "commit", "--quiet", "--allow-empty", "--message", "a later commit")
    with pytest.raises(ProvenanceError, match="build it again"):
        statement(released, read_source(checkout))


@pytest.mark.parametrize(
    "name", ["kosh.whl", "kosh_assistant-2026.12.0.tar.gz", "other-2026.12.0-py3-none-any.whl"]
)
def test_provenance_is_refused_for_a_file_not_named_like_a_wheel_of_kosh(
    name: str, checkout: Path, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(b"a wheel")
    with pytest.raises(ProvenanceError, match="not the name of a wheel of Kosh"):
        statement(file, read_source(checkout))


def test_provenance_is_refused_without_uv(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = read_source(checkout)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProvenanceError, match="uv"):
        statement(_wheel(tmp_path), source)


@NEEDS_UV
def test_provenance_command_writes_the_statement_to_a_file(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "ROOT", checkout)
    wheel, file = _wheel(tmp_path), tmp_path / "provenance.json"
    done = CliRunner().invoke(provenance.app, [str(wheel), "--to", str(file)])
    assert (done.exit_code, done.output) == (0, "")
    assert json.loads(file.read_text()) == statement(wheel, read_source(checkout))
    (checkout / "uv.lock").write_text("another package")
    refused = CliRunner().invoke(provenance.app, [str(wheel)])
    assert refused.exit_code == 1
    assert refused.output.startswith("E_PROVENANCE: files differ")
