"""The chat page on a small screen, in a real browser."""

from typing import Any

from tests.app_stack import AppStack

PRESSED = "fieldset:not([disabled]) button"
NEWEST = f"""() => {{
  const newest = [...document.querySelectorAll('#list li.kosh')].pop();
  return [newest.dataset.id, [...newest.querySelectorAll('{PRESSED}')].map(each => each.value)];
}}"""


class Phone:
    """A page on a small screen; `errors` has the page's script errors."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda line: self.errors.append(line.text) if line.type == "error" else None,
        )

    async def answer(self, answer: str) -> None:
        """Press the button with that key or send the text; wait for Kosh's next message."""
        newest, values = await self.page.evaluate(NEWEST)
        keys = {value.partition(":")[2]: value for value in values}
        if answer in keys:
            await self.page.click(f"{PRESSED}[value='{keys[answer]}']")
        elif ">" in keys:
            await self.answer(">")
            return await self.answer(answer)
        else:
            await self.page.fill("#text", answer)
            await self.page.press("#text", "Enter")
        await self._until_after(newest)

    async def newest(self) -> str:
        """Return the id of Kosh's newest message."""
        return str((await self.page.evaluate(NEWEST))[0])

    async def _until_after(self, before: str) -> None:
        await self.page.wait_for_function(
            "before => [...document.querySelectorAll('#list li.kosh')].pop()?.dataset.id"
            " !== before",
            arg=before,
        )


async def open_phone(browser: Any, stack: AppStack, **options: Any) -> Phone:
    """Open the chat in a new browser context; `options` are options of the context."""
    # Without animations: Playwright does not click a moving button, and messages move for 250 ms.
    still = {"reduced_motion": "reduce", "viewport": {"width": 360, "height": 740}}
    context = await browser.new_context(**still, **options)
    phone = Phone(await context.new_page())
    phone.page.set_default_timeout(10_000)
    await phone.page.goto(f"{stack.url}/chat")
    return phone
