"""Tests of what the engine does not do yet; each turns red on the day it does."""

import pytest


def awaits(what: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=what, strict=True)
