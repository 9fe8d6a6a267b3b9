"""Headless Chromium for tests and for the scripts that make pictures."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

# The first of them draws no window at all, which saves a third of the processor's time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
BROWSER = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@asynccontextmanager
async def launched(*more: str) -> AsyncIterator[Any]:
    """Start a browser; without one installed, skip the test that asks for it."""
    if BROWSER is None:
        pytest.skip("no browser here: install chromium-headless-shell, or name one in CHROMIUM")
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=[*QUIET, *more])
        yield browser
        await browser.close()
