"""Tests of `mutations`: which lines a test must run to detect an alteration."""

import pytest

from tests.proof.mutations import Source


@pytest.mark.parametrize(
    ("module", "was", "now", "first", "count"),
    [
        ("progress", "max(1, number)", "max(2, number)", "return max(1", 1),
        ("progress", "item, Derived", "item, HandoffOffer", "if isinstance(item, Derived)", 1),
        ("progress", "answers, unknown", "answers, named", "elif item.name not in named", 1),
        (
            "typed_text",
            "isdecimal() or any(",
            "isdecimal() and any(",
            "return text.strip().isdecimal()",
            3,
        ),
    ],
)
def test_mutant_covers_exactly_the_lines_of_its_statement(
    module: str, was: str, now: str, first: str, count: int
) -> None:
    source = Source(f"flows.engine.{module}")
    altered = source.instead("here", source.text.replace(was, now))
    assert altered is not None
    lines = source.text.splitlines()
    (begins,) = (number for number, line in enumerate(lines, 1) if first in line)
    assert [line for _module, line in altered.lines] == [*range(begins, begins + count)]
