"""Client certificates at the sandbox (RFC 8705), for sign-in and for bound tokens."""

from starlette.types import ASGIApp, Receive, Scope, Send

from bot.registry.client_certificate import thumbprint


class PeerCertificateMiddleware:
    """ASGI middleware that sets `state.thumbprint` to the client certificate's thumbprint or ""."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["thumbprint"] = _thumbprint(send)
        await self._app(scope, receive, send)


def _thumbprint(send: Send) -> str:
    """Return the thumbprint of the connection's certificate, read from uvicorn's transport.

    ASGI itself gives no access to the client certificate.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    connection = transport.get_extra_info("ssl_object") if transport is not None else None
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    return thumbprint(der) if der else ""
