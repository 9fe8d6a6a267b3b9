"""Errors of sending a notification to an officer."""

from typing import ClassVar


class NotificationError(Exception):
    """The notification was not accepted; `retry` is True if a later attempt may succeed."""

    code: ClassVar[str] = "E_NOTIFICATION"
    retry: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(self.code)


class NotSent(NotificationError):
    """The mail server or push service did not answer, or asked to try later."""

    code = "E_NOTIFICATION_LATER"
    retry = True


class Unanswered(NotSent):
    """The mail server or gateway failed after it may have taken the message."""


class NotificationRefused(NotificationError):
    """The mail server or push service refuses the sender, the address or the message."""

    code = "E_NOTIFICATION_REFUSED"


class Gone(NotificationError):
    """The browser no longer has this subscription, or the officer has no such address."""

    code = "E_NOTIFICATION_GONE"
