"""Errors in sending notifications to officers, and in sending hints to people."""

from typing import ClassVar


class NotificationError(Exception):
    """The message was not accepted; `retry` is True if a later attempt may succeed."""

    code: ClassVar[str] = "E_NOTIFICATION"
    retry: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(self.code)


class NotSent(NotificationError):
    """The server, push service or gateway did not answer, or returned a temporary error."""

    code = "E_NOTIFICATION_LATER"
    retry = True


class Unanswered(NotSent):
    """The connection failed, or the gateway answered 5xx; the message may have been accepted."""


class NotificationRefused(NotificationError):
    """The server, push service or gateway rejects the sender, the address or the message."""

    code = "E_NOTIFICATION_REFUSED"


class Gone(NotificationError):
    """There is nowhere to send to: the subscription or address is missing or no longer usable."""

    code = "E_NOTIFICATION_GONE"
