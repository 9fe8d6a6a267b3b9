"""Copies an object with changed fields, like `dataclasses.replace` but seven times faster.

A turn makes about six copies. The classes that are copied most (conversation, form, last question)
have no slots, because the fast copy needs `__dict__`.
"""

import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["replace"]

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(whole: Any, /, **changes: Any) -> Any:
        """Return a copy of the dataclass instance `whole` with these fields changed."""
        fields = getattr(whole, "__dict__", None)
        if fields is None:
            return dataclasses.replace(whole, **changes)
        copy = object.__new__(type(whole))
        # Frozen classes reject `copy.__dict__ = …`.
        object.__setattr__(copy, "__dict__", {**fields, **changes})
        return copy
