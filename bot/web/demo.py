"""The demo's panel beside the chat: what the sandbox registry received, ready to be shown."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.runtime import Runtime
from bot.web.request_parsing import Refused

MAX_SHOWN = 20


async def registry(request: Request) -> Response:
    """The newest entries; nowhere but in a demo."""
    rt: Runtime = request.app.state.rt
    if not rt.settings.demo or rt.settings.registry_url is None:
        raise Refused(404)
    async with rt.http.get(f"{rt.settings.registry_url}/_entries") as answer:
        entries = await answer.json()
    return JSONResponse({"entries": [_card(entry) for entry in entries[:MAX_SHOWN]]})


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


ROUTES = [Route("/demo/registry", registry, methods=["GET"])]
