"""SMS over the HTTP API of a gateway: one POST with the number and the text."""

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.config.settings import Settings
from bot.notifications.errors import NotificationRefused, NotSent, Unanswered

CALL_SECONDS = 15
# HTTP statuses after which a retry may succeed. Any other 4xx rejects the number or the API key.
LATER = (408, 425, 429)


async def send(http: ClientSession, settings: Settings, to: str, text: str) -> None:
    """Send an SMS. Raises NotSent if a retry may succeed, else NotificationRefused."""
    fields = {settings.sms_to_field: to, settings.sms_text_field: text}
    if settings.sms_from:
        fields[settings.sms_from_field] = settings.sms_from
    key = settings.sms_key.get_secret_value() if settings.sms_key else ""
    as_form = settings.sms_format == "form"
    try:
        async with http.post(
            settings.sms_url or "",
            data=fields if as_form else None,
            json=None if as_form else fields,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=ClientTimeout(total=CALL_SECONDS),
            allow_redirects=False,
        ) as answer:
            status = answer.status
    except (TimeoutError, ClientError):
        status = 0
    # The error is raised outside the except clause, so that no context is chained: aiohttp's errors
    # may contain the address.
    if 200 <= status < 300:
        return
    if status in LATER:
        raise NotSent
    raise NotificationRefused if 300 <= status < 500 else Unanswered
