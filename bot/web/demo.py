"""Serve the demo's panel beside the chat, which shows the newest entries of the demo's registry."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from bot.runtime import Runtime
from bot.web.request_parsing import Refused

MAX_ENTRIES = 20

router = APIRouter()


@router.get("/demo/registry")
async def registry(request: Request) -> Response:
    """Return the newest 20 entries of the demo's registry as JSON; 404 outside the demo."""
    rt: Runtime = request.app.state.rt
    if not rt.settings.demo or rt.settings.registry_url is None:
        raise Refused(404)
    async with rt.http.get(f"{rt.settings.registry_url}/_entries") as answer:
        entries = await answer.json()
    return JSONResponse({"entries": [_card(entry) for entry in entries[:MAX_ENTRIES]]})


def _card(entry: dict[str, Any]) -> dict[str, object]:
    return {
        "title": entry["number"],
        "status": entry["state"],
        "at": entry["received_at"][:19].replace("T", " "),
        "rows": [
            [name.replace("_", " "), _flat(value)]
            for name, value in (entry["body"] or {}).items()
            if value not in (None, [])
        ],
    }


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_flat(each)}" for name, each in value.items() if each)
    if isinstance(value, list):
        return "; ".join(_flat(each) for each in value)
    return str(value)
