"""Planning in the contract: counts of people and households; small counts are suppressed."""

from itertools import combinations
from typing import Annotated, Literal, get_args

from pydantic import AwareDatetime, Field

from bot.registry.contract import Answered

type Dimension = Literal["age", "region", "timeframe", "trade", "country", "language", "support"]

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension.__value__)
PAIRS = tuple(combinations(DIMENSIONS, 2))


class Cell(Answered):
    """A count of people for one value of each dimension; `people` is null if it is suppressed.

    A count of zero may be suppressed too, if other suppressed counts could be computed from it.
    """

    values: Annotated[tuple[str, ...], Field(max_length=2)]
    """The cell's value of each dimension in `by`, in that order."""
    people: Annotated[int, Field(ge=0)] | None


class Figures(Answered):
    """Counts of one release; repeated queries get the same counts until the next release."""

    release: Annotated[int, Field(ge=1)]
    released_at: AwareDatetime
    by: Annotated[tuple[Dimension, ...], Field(max_length=2)]
    people: Annotated[int, Field(ge=0)] | None
    households: Annotated[int, Field(ge=0)] | None
    cells: Annotated[tuple[Cell, ...], Field(max_length=10_000)]
