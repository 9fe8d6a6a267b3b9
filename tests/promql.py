"""Evaluate the part of PromQL that Kosh's alert rules use.

`increase` is the value at the last scrape minus that at the first, without extrapolation.
"""

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import promql_parser
from prometheus_client.parser import text_string_to_metric_families

type Series = dict[frozenset[tuple[str, str]], float]
type Scrape = dict[str, Series]

COMPARED = {">": operator.gt, "<": operator.lt, "==": operator.eq}
AGGREGATED: dict[str, Callable[[Iterable[float]], float]] = {"max": max, "min": min, "sum": sum}


def scraped(text: str) -> Scrape:
    """Return the samples of a /metrics page, by metric name and labels."""
    found: Scrape = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def fires(expression: str, *scrapes: Scrape) -> bool:
    """Return True if the alert expression is true at the last of these scrapes."""
    return bool(_Query(scrapes).value(promql_parser.parse(expression)))


@dataclass
class _Query:
    scrapes: tuple[Scrape, ...]

    def value(self, node: Any) -> Any:
        """Evaluate a node of the parsed expression.

        Return a number for a literal, and otherwise a value for each set of labels.
        """
        match type(node).__name__:
            case "NumberLiteral":
                return node.val
            case "ParenExpr":
                return self.value(node.expr)
            case "VectorSelector":
                return _picked(self.scrapes[-1], node)
            case "AggregateExpr":
                values = self.value(node.expr).values()
                return {frozenset(): AGGREGATED[str(node.op)](values)} if values else {}
            case "Call":
                return self._called(node)
            case "BinaryExpr":
                return self._joined(str(node.op), self.value(node.lhs), self.value(node.rhs))
            case other:
                raise NotImplementedError(other)

    def _called(self, node: Any) -> Series:
        [argument] = node.args
        match node.func.name:
            case "absent":
                return {} if self.value(argument) else {frozenset(): 1.0}
            case "increase":
                earlier, *_, later = self._over(argument)
                # As in Prometheus, the first value of a new series is not an increase.
                return {
                    labels: value - earlier.get(labels, value) for labels, value in later.items()
                }
            case "changes":
                seen = self._over(argument)
                return {
                    labels: sum(
                        labels in one and one[labels] != other.get(labels, one[labels])
                        for one, other in pairwise(seen)
                    )
                    for labels in seen[-1]
                }
            case other:
                raise NotImplementedError(other)

    def _over(self, argument: Any) -> list[Series]:
        return [_picked(scrape, argument.vector_selector) for scrape in self.scrapes]

    def _joined(self, op: str, one: Any, other: Any) -> Series:
        if op == "or":
            return dict(other) | dict(one)
        if op == "/":
            shared = {key for key in one if other.get(key)}
            return {key: one[key] / other[key] for key in shared}
        return {labels: value for labels, value in one.items() if COMPARED[op](value, other)}


def _picked(scrape: Scrape, selector: Any) -> Series:
    return {
        labels: value
        for labels, value in scrape.get(selector.name, {}).items()
        if all(_fits(dict(labels), each) for each in selector.matchers.matchers)
    }


def _fits(labels: dict[str, str], matcher: Any) -> bool:
    label = labels.get(matcher.name, "")
    match str(matcher.op):
        case "MatchOp.Equal" | "=":
            return label == str(matcher.value)
        case "MatchOp.Re" | "=~":
            return re.fullmatch(matcher.value, label) is not None
        case other:
            raise NotImplementedError(other)
