"""A mutation run (`altered`) names the test that detected an alteration, and shows undetected ones.

Each mutation run has its own process, because it waits for all children of its process and leaves
altered code behind. `--rootdir` makes the test ids independent of the clone's folder.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proof.ledger import ROOT

TESTS = """
import os
from functools import cache

from flows.engine.identity_numbers import masked, zone_number

def test_zone_number_is_called_without_checking_its_result():
    zone_number("IDXXXAB1234567\\nsecond\\nthird")

@cache
def told():
    return masked("204611", 2)

PARENT = os.getpid()

def test_only_the_parent_process_passes():
    zone_number("IDXXXAB1234567\\nsecond\\nthird"), masked("204611", 2)
    assert os.getpid() == PARENT

def test_masked_number_is_cached_without_checking_it():
    told()

def test_masked_number_shows_its_last_digits():
    assert told() == "••••11"
"""

TRYING = """
import sys
from tests.proof import altered
from tests.proof.mutations import Source

altered.EXTRA_CPU_SECONDS = 0.2
source = Source("flows.engine.identity_numbers")
changed = (
    ("a comment", "class Identity(", "# A comment.\\nclass Identity("),
    ("wrong", "[-shown:]", "[shown:]"),
    ("endless", "    return f", "    while number: pass\\n    return f"),
    ("unseen", "first[5:14]", "first[6:14]"),
)
assert all(was in source.text for _, was, _ in changed)
found = [source.instead(name, source.text.replace(was, now)) for name, was, now in changed]
limits = altered.Limits(len(found), 1)
print(altered.summary(altered.tried(filter(None, found), limits, sys.argv[1:])))
"""


def _tried(path: Path, tests: str) -> subprocess.CompletedProcess[str]:
    path.write_text(tests, "utf-8")
    return subprocess.run(
        [sys.executable, "-c", TRYING, "-p", "no:schemathesis", f"--rootdir={path.parent}", path],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.release
def test_mutation_run_prints_the_detecting_test_or_the_survivor(tmp_path: Path) -> None:
    output = _tried(tmp_path / "test_made_up.py", TESTS).stdout
    noticed = "test_made_up.py::test_masked_number_shows_its_last_digits"
    assert re.search(rf"^wrong +{noticed}$", output, re.M), output
    assert re.search(r"^endless +test_made_up.py::test_masked_number_", output, re.M), output
    shown = r"^unseen +SURVIVED [12] tests\n-.*first\[5:14\].*\n\+.*first\[6:14\]"
    assert re.search(shown, output, re.M), output
    assert "comment" not in output
    assert (
        output.count("left out, because it fails in a child: test_made_up.py::test_only_the_") == 1
    )
    assert re.search(r"^\| all +\| +3 \| +2 \| +0 \| +1 \|$", output, re.M), output


def test_mutation_run_refuses_to_start_when_a_test_fails(tmp_path: Path) -> None:
    ran = _tried(tmp_path / "test_made_up.py", TESTS + "    assert 0\n")
    assert ran.returncode == 1
    assert (
        "red as things are: test_made_up.py::test_masked_number_shows_its_last_digits"
        in ran.stdout + ran.stderr
    )
