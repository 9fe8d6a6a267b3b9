"""The chat page of a person who is asked for a document."""

from typing import Any

from tests.app_stack import AppStack
from tests.person_client import Guest


async def page_that_asks_for_a_photo(browser: Any, stack: AppStack, **options: Any) -> Any:
    """Open the chat of a person whose registration asks for a photo of a document."""
    guest = Guest(stack.rt)
    await guest.register()

    async def is_accepted() -> bool:
        talk = await guest.conversation()
        return bool(talk and talk.registration and talk.registration.state == "accepted")

    await stack.until(is_accepted)
    await guest.press("!status")
    await guest.go("papers", "yes")
    context = await browser.new_context(**options)
    await context.add_cookies([{"name": "kosh", "value": guest.name, "url": stack.url}])
    page = await context.new_page()
    await page.goto(f"{stack.url}/chat")
    return page
