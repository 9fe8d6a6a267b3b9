"""Headless Chromium for tests and for the scripts that draw pictures."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

# Program names in order of preference; the first draws no window, which saves a third of the CPU
# time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
BROWSER = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@asynccontextmanager
async def launched(*more: str) -> AsyncIterator[Any]:
    """Start a browser and close it at the end; skip the calling test if none is installed."""
    if BROWSER is None:
        pytest.skip("no browser here: install chromium-headless-shell, or name one in CHROMIUM")
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=BROWSER, args=[*BROWSER_FLAGS, *more]
        )
        yield browser
        await browser.close()
