"""Fixture of one browser per test process, since its start takes longer than most tests.

The browser runs in the event loop of the pytest session, so its tests must run in this loop too.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from bot.config.settings import Settings
from tests.app_stack import AppStack, running_stack
from tests.browser.chromium import launched


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Any]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Any) -> AsyncIterator[Any]:
    """Yield the shared browser, without contexts of earlier tests."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stack(chosen: Settings, admin_url: str) -> AsyncIterator[AppStack]:
    async with running_stack(chosen, admin_url) as found:
        yield found
