"""Parameters of tests that run only before a release."""

import pytest

from tests.release_only import release_only


def test_release_only_parameters_are_marked_except_the_kept_ones() -> None:
    kept, marked = release_only(["kk", "ru"], keep=("kk",))
    assert kept == "kk"
    assert marked == pytest.param("ru", marks=pytest.mark.release)


def test_release_only_parameters_cannot_keep_an_unknown_value() -> None:
    with pytest.raises(ValueError, match="uz"):
        release_only(["kk", "ru"], keep=("uz",))
