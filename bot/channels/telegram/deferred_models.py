"""Import of aiogram without building its 591 pydantic models; each is built at its first use.

aiogram declares its types with `defer_build=True` and imports the types of their fields for type
checkers only. A loop at the end of `aiogram.types` passes the names of these field types to
`model_rebuild`, which builds all types. During the import, this module replaces `model_rebuild` by
a function that only collects the names. It then adds the names to the modules of the types, where
pydantic finds them at the first use. aiogram's methods inherit `defer_build` from this module. The
tested versions are pinned in pyproject.toml (decision 43).
"""

import re
import sys
from importlib import import_module
from inspect import get_annotations
from typing import Any

from pydantic import BaseModel, ConfigDict

_NAME = re.compile(r"[A-Za-z_]\w*")


def import_aiogram() -> None:
    """Import aiogram with its models deferred; do nothing if it is imported already."""
    if "aiogram.types" in sys.modules:
        return
    known: dict[str, Any] = {}

    def remember(_cls: type[BaseModel], /, *, _types_namespace: dict[str, Any]) -> None:
        known.update(_types_namespace if not known else {})

    model_rebuild = BaseModel.__dict__["model_rebuild"]
    model_config = BaseModel.model_config
    BaseModel.model_rebuild = classmethod(remember)  # type: ignore[method-assign,assignment]
    BaseModel.model_config = ConfigDict(defer_build=True)
    try:
        import_module("aiogram")
    finally:
        BaseModel.model_rebuild = model_rebuild  # type: ignore[method-assign]
        BaseModel.model_config = model_config
    for model in models(sys.modules["aiogram.types"]):
        _add_names(model, known)


def _add_names(model: type[BaseModel], known: dict[str, Any]) -> None:
    """Add the type names in a model's annotations to its module, where pydantic looks them up."""
    module = vars(sys.modules[model.__module__])
    for base in model.__mro__:
        for annotation in get_annotations(base).values():
            for name in _NAME.findall(str(annotation)):
                if name in known:
                    module.setdefault(name, known[name])


def models(module: object) -> list[type[BaseModel]]:
    """Return the pydantic models among a module's attributes."""
    named = [each for each in vars(module).values() if isinstance(each, type)]
    return [each for each in named if issubclass(each, BaseModel) and each is not BaseModel]


def build(*used: type[BaseModel]) -> None:
    """Build models now, so that their first use does not block the event loop."""
    for model in used:
        model.model_rebuild()


def build_models(module: str) -> None:
    """Build the pydantic models among the attributes of the module with this name."""
    build(*models(sys.modules[module]))


import_aiogram()
