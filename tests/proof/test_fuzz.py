"""The fuzz targets do not fail on the corpus, on inputs that once failed, or on damaged samples."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proof.fuzz import TARGETS, seeds

SEEDS = [(name, path) for name in TARGETS for path in seeds(name)]


def test_fuzz_targets_have_a_small_corpus() -> None:
    assert all(len(seeds(name)) >= 5 for name in TARGETS)
    assert sum(path.stat().st_size for _name, path in SEEDS) < 200_000


@pytest.mark.requirement("S-4", "S-27")
@pytest.mark.parametrize(("name", "path"), SEEDS, ids=lambda each: getattr(each, "name", each))
def test_fuzz_corpus_crashes_no_target(name: str, path: Path) -> None:
    TARGETS[name](path.read_bytes())


@pytest.mark.requirement("S-4", "S-27")
@pytest.mark.parametrize("name", list(TARGETS))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_fuzz_mutations_of_the_corpus_crash_no_target(name: str, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([path.read_bytes() for path in seeds(name)]))
    at = data.draw(st.integers(0, len(whole)))
    upto = data.draw(st.integers(at, min(len(whole), at + 8)))
    TARGETS[name](whole[:at] + data.draw(st.binary(max_size=12)) + whole[upto:])
