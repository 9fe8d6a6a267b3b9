"""Changed copies of a value, as `dataclasses.replace` makes them, in a seventh of the time.

A turn makes about six of them. The classes changed most (a conversation, its forms, the last
question) have no slots for this reason.
"""

import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["replace"]

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(whole: Any, /, **changes: Any) -> Any:
        """Return a copy with the given fields changed."""
        fields = getattr(whole, "__dict__", None)
        if fields is None:
            return dataclasses.replace(whole, **changes)
        copy = object.__new__(type(whole))
        copy.__dict__.update(fields)
        copy.__dict__.update(changes)
        return copy
