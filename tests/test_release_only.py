"""Parameters of tests that run only before a release."""

import pytest

from tests.release_only import release_only


def test_release_only_marks_all_values_but_the_kept_ones() -> None:
    kept, marked = release_only(["kk", "ru"], keep=("kk",))
    assert kept == "kk"
    assert marked == pytest.param("ru", marks=pytest.mark.release)


def test_release_only_rejects_an_unknown_kept_value() -> None:
    with pytest.raises(ValueError, match="uz"):
        release_only(["kk", "ru"], keep=("uz",))
