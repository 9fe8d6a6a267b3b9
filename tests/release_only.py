"""Parameters of tests: some values run at each change, and all values before a release."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def release_only[T](values: Iterable[T], keep: Collection[T]) -> list[Any]:
    """Return the values as parameters of a test, marked `release` except for those in `keep`.

    `./kosh test` leaves out tests with this mark; `./kosh test --all` and `--release` run them.
    Raises ValueError if a value in `keep` is not one of the values.
    """
    listed = list(values)
    if unknown := [each for each in keep if each not in listed]:
        raise ValueError(f"not among the values: {unknown}")
    return [
        each if each in keep else pytest.param(each, marks=pytest.mark.release) for each in listed
    ]
