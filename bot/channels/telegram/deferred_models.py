"""Import aiogram without building its 403 types; each is built when it is first used.

Every type of aiogram is declared with `defer_build=True`, yet a loop at the end of `aiogram.types`
builds them all. During the import that loop meets a `model_rebuild` that only remembers the names
it was given; pydantic looks them up when a model is used. The versions that this was tried with are
pinned in pyproject.toml (decision 43).
"""

import sys
from importlib import import_module
from typing import Any

from pydantic import BaseModel

TYPES, METHODS = "aiogram.types", "aiogram.methods"


def _remember_names(
    cls: type[BaseModel], /, *, _types_namespace: dict[str, Any] | None = None, **_options: Any
) -> None:
    """Keep the names that the model's annotations use, in place of building it."""
    cls.__pydantic_parent_namespace__ = _types_namespace


def import_aiogram() -> None:
    """Import aiogram with its models deferred; do nothing if it was imported before."""
    if TYPES in sys.modules:
        return
    model_rebuild = BaseModel.__dict__["model_rebuild"]
    BaseModel.model_rebuild = classmethod(_remember_names)  # type: ignore[method-assign,assignment]
    try:
        types, methods = import_module(TYPES), import_module(METHODS)
    finally:
        BaseModel.model_rebuild = model_rebuild  # type: ignore[method-assign]
    # A method whose parameters are of deferred types could not be built either.
    for method in models(methods):
        if not method.__pydantic_complete__:
            method.__pydantic_parent_namespace__ = types.User.__pydantic_parent_namespace__


def models(module: object) -> list[type[BaseModel]]:
    """Return the models that a module names."""
    named = [each for each in vars(module).values() if isinstance(each, type)]
    return [each for each in named if issubclass(each, BaseModel) and each is not BaseModel]


def build(*used: type[BaseModel]) -> None:
    """Build models now, not in the event loop at their first use."""
    for model in used:
        model.model_rebuild()


def build_models(module: str) -> None:
    """Build the models that a module names."""
    build(*models(sys.modules[module]))


import_aiogram()
