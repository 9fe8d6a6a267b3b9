"""Reference page of metrics, generated from the Prometheus collectors in the source."""

import ast
from collections.abc import Iterator

from bot.cli.reference.markdown import code, table
from bot.cli.reference.source import sources

_HEAD = """# Metrics

Each process serves its own counts at `http://KOSH_METRICS_HOST:KOSH_METRICS_PORT/metrics`, off
unless the port is set. Metrics of kind *snapshot* are read from the database: every process reports
the same value, so rules take the maximum. Labels hold names from the code and error codes only.

"""
_KINDS = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram"}
_MODULES = ("bot/observability/metrics.py", "bot/operations/health.py")


def page() -> str:
    """Return the page of metrics: each with its type, meaning and labels."""
    found = [
        row for path, tree in sources("bot") if path in _MODULES for row in _declarations(tree)
    ]
    return _HEAD + table(("metric", "kind", "meaning", "labels"), sorted(found))


def _declarations(tree: ast.Module) -> Iterator[tuple[str, str, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if kind := _KINDS.get(node.func.id):
                name, meaning = (_string(each) for each in node.args[:2])
                ending = "_total" if kind == "counter" else ""
                labels = [_string(each) for arg in node.args[2:3] for each in ast.walk(arg)]
                yield code(name + ending), kind, meaning, ", ".join(map(code, filter(None, labels)))
        elif isinstance(node, ast.Tuple) and len(node.elts) == 3:
            name, meaning = (_string(each) for each in node.elts[:2])
            if name.startswith("kosh_"):
                yield code(name), "snapshot", meaning, ", ".join(map(code, _keys(node.elts[2])))


def _keys(node: ast.AST) -> list[str]:
    keys = (
        _string(key)
        for each in ast.walk(node)
        if isinstance(each, ast.Dict)
        for key in each.keys
        if key is not None
    )
    return list(dict.fromkeys(keys))


def _string(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
