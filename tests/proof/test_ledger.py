"""Every requirement has a test, and every test names an existing requirement."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.proof import ledger
from tests.proof.mutants import MUTANTS

REPORT = """<testsuites><testsuite>
<testcase classname="tests.web.test_x" name="test_a[one-[two]]"/>
<testcase classname="tests.web.test_x" name="test_a[three]"><failure message="no"/></testcase>
<testcase classname="tests.web.test_x" name="test_b"><skipped/></testcase>
</testsuite></testsuites>"""


def test_requirement_marks_name_existing_requirements() -> None:
    named = {line.name for line in ledger.requirements()}
    assert set(ledger.marked("requirement")) - named == set()
    assert set(ledger.marked("row")) - {line.name for line in ledger.rows()} == set()


def test_requirements_all_have_a_test_or_a_decision() -> None:
    for kind, lines in (("requirement", ledger.requirements()), ("row", ledger.rows())):
        without = {line.name for line in lines if not line.tests and not line.decided}
        assert without == set(), kind


def test_requirements_have_a_test_that_runs_with_each_change() -> None:
    for kind, lines in (("requirement", ledger.requirements()), ("row", ledger.rows())):
        tested = [line for line in lines if line.tests]
        release_only = {line.name for line in tested if set(line.tests) <= ledger.release_tests()}
        assert release_only == set(), kind


def test_requirement_status_is_the_worst_result_of_its_tests(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    ended = ledger.results(tmp_path)
    assert ended == {
        "tests/web/test_x.py::test_a": "failed",
        "tests/web/test_x.py::test_b": "skipped",
    }
    both = ledger.Line("S-0", "", tuple(ended))
    assert ledger.state(both, ended) == "failed"
    assert ledger.state(both, {}) == "not run"
    assert ledger.state(ledger.Line("S-0", "", ()), ended) == "no test"


def test_mutants_name_existing_tests() -> None:
    for mutant in MUTANTS.values():
        assert mutant.description, mutant.name
        for test in mutant.tests:
            path, _, name = test.partition("::")
            assert re.search(rf"\bdef {name}\b", (ledger.ROOT / path).read_text("utf-8")), test


@pytest.mark.release
@pytest.mark.requirement("S-80")
def test_mutation_run_detects_a_mutant_and_names_the_failed_test() -> None:
    """Try only one mutant, whose test is fast; `./kosh mutants` tries all of them."""
    ran = _mutants("no-associated-data")
    assert ran.returncode == 0, ran.stdout
    assert "tests/security/test_vault.py::test_sealed_value_moved" in ran.stdout


def _mutants(*names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.proof", "mutants", *names]
    return subprocess.run(
        command, cwd=ledger.ROOT, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.requirement("S-79")
def test_asvs_map_names_existing_tests() -> None:
    requirements = tomllib.loads((ledger.ROOT / "docs" / "asvs.toml").read_text("utf-8"))
    assert len(requirements) > 40
    for number, line in requirements.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", number)
        path, _, name = line["test"].partition("::")
        assert re.search(rf"\bdef {name}\b", (ledger.ROOT / path).read_text("utf-8")), line["test"]
