"""The HTTP API for other computer systems, `/api/v1`.

Its resources are announcements, status, cases, statistics and webhooks. `requests` checks the token
and the body's size. `problems` defines the error responses. Each of the remaining modules has the
operations of one resource. `./kosh docs openapi` writes the OpenAPI document.
"""

from typing import Any

from fastapi import APIRouter

from bot.web.api import announcements, cases, statistics, status, webhooks

ROOT = "/api/v1"

router = APIRouter(prefix=ROOT)
for each in (
    announcements.router,
    announcements.counting,
    status.router,
    cases.router,
    statistics.router,
    webhooks.router,
):
    router.include_router(each)


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of the API."""
    from bot.registry.sandbox.openapi import DocumentedApp

    app = DocumentedApp(
        title="Kosh",
        version="1.0.0",
        description="The API of Kosh for other systems. docs/how-to/call-the-api.md explains it.",
    )
    app.include_router(router)
    return app.openapi()
