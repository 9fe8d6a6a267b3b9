"""Nothing that is asked for is without a test, and no test names what is not asked for."""

from pathlib import Path

from tests.proof import ledger

REPORT = """<testsuites><testsuite>
<testcase classname="tests.web.test_x" name="test_a[one-[two]]"/>
<testcase classname="tests.web.test_x" name="test_a[three]"><failure message="no"/></testcase>
<testcase classname="tests.web.test_x" name="test_b"><skipped/></testcase>
</testsuite></testsuites>"""


def test_marks_name_what_exists() -> None:
    named = {line.name for line in ledger.requirements()}
    assert set(ledger.marked("requirement")) - named == set()
    assert set(ledger.marked("row")) - {line.name for line in ledger.rows()} == set()


def test_a_line_is_as_its_worst_test(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    ended = ledger.results(tmp_path / "report.xml")
    assert ended == {
        "tests/web/test_x.py::test_a": "failed",
        "tests/web/test_x.py::test_b": "skipped",
    }
    both = ledger.Line("S-0", "", tuple(ended))
    assert ledger.state(both, ended) == "failed"
    assert ledger.state(both, {}) == "not run"
    assert ledger.state(ledger.Line("S-0", "", ()), ended) == "no test"
