"""Routes of the site and its exception handlers: web chat, public pages, API and console.

`bot.web.app` imports this module only for a process that serves the site. A process for webhooks
alone does not need these routes.
"""

from fastapi import APIRouter

from bot.web import (
    api,
    chat,
    chat_files,
    chat_stream,
    console,
    demo,
    home,
    info,
    printed_checklist,
    referral_pages,
    secure_page,
)
from bot.web.api.errors import HANDLERS
from bot.web.console import close

__all__ = ["HANDLERS", "close", "include_in"]

# Starlette matches routes in this order, so the routes that are called most often come first.
ROUTERS = (
    chat.router,
    chat_stream.router,
    chat_files.router,
    secure_page.router,
    printed_checklist.router,
    home.router,
    referral_pages.router,
    info.router,
    api.router,
    demo.router,
)


def include_in(router: APIRouter) -> None:
    """Include the routers of the site in a router."""
    for each in ROUTERS:
        router.include_router(each)
    for each in console.ROUTERS:
        router.include_router(each, prefix=console.ROOT)
