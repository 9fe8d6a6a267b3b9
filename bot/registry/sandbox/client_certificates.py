"""Client certificates at the sandbox (RFC 8705): sign-in by them, and tokens bound to them."""

from starlette.types import ASGIApp, Receive, Scope, Send

from bot.registry.client_certificate import thumbprint


class PeerCertificateMiddleware:
    """Put the thumbprint of the client's certificate into the request's state, "" without one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["thumbprint"] = _thumbprint(send)
        await self._app(scope, receive, send)


def _thumbprint(send: Send) -> str:
    """Return the thumbprint of the connection. ASGI has no message for it, so this is uvicorn's."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    connection = transport.get_extra_info("ssl_object") if transport is not None else None
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    return thumbprint(der) if der else ""
