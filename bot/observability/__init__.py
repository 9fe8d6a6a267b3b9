"""Logs, metrics and traces.

structlog imports rich for tracebacks with colours, if rich is installed. Kosh logs no tracebacks,
and rich takes 3 MB in each process. Therefore structlog is imported here without rich.
"""

import sys
from importlib import import_module


def _import_structlog_without_rich() -> None:
    """Import structlog as if rich were not installed, unless one of them is imported already."""
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    # With None in this place, Python raises ImportError for rich.
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        import_module("structlog")
    finally:
        del sys.modules["rich"]


_import_structlog_without_rich()
