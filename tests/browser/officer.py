"""An officer in a real browser, who signs in, clicks, reads, and compares pages."""

import json
from pathlib import Path
from typing import Any, Self

import pytest

from tests.app_stack import AppStack

# JavaScript that returns the page's HTML without the parts that may differ between two renders of
# the same state: the key of each form, and changes that the officer made on the page.
NORMALIZED_HTML = """html => {
  const main = (html ? new DOMParser().parseFromString(html, 'text/html') : document)
    .getElementById('main').cloneNode(true);
  main.querySelectorAll('input[name=key]').forEach(key => key.removeAttribute('value'));
  main.querySelectorAll('[open]').forEach(each => each.removeAttribute('open'));
  main.querySelectorAll('[data-sent]').forEach(each => each.removeAttribute('data-sent'));
  main.querySelectorAll('.done').forEach(each => each.remove());
  main.normalize();
  return main.innerHTML.replace(/\\s+/g, ' ');
}"""

AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
VIOLATIONS = "async wanted => (await axe.run(document, wanted)).violations"


class Officer:
    """A page of the console with an officer's actions; `errors` has the page's script errors."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)

    def _on_console(self, line: Any) -> None:
        # Ignore network errors, since tests cut the connection on purpose.
        if line.type == "error" and "net::ERR" not in line.text:
            self.errors.append(line.text)

    async def sign_in(self, url: str, name: str) -> None:
        await self.page.goto(f"{url}/console/sign-in")
        await self.page.locator(".crew button", has_text=name).click()
        await self.page.wait_for_url("**/console/*")

    async def click(self, selector: str) -> None:
        await self.page.locator(selector).first.click()

    async def wait_for_text(self, words: str) -> None:
        """Wait until the page shows a text."""
        await self.page.wait_for_function(
            "words => document.getElementById('main')?.innerText.includes(words)", arg=words
        )

    async def is_up_to_date(self) -> bool:
        """Return True if the page equals a freshly loaded one."""
        fresh = await self.page.evaluate("() => fetch(location.href).then(a => a.text())")
        now = await self.page.evaluate(NORMALIZED_HTML, None)
        return bool(now == await self.page.evaluate(NORMALIZED_HTML, fresh))

    async def faults(self) -> list[str]:
        """Return accessibility violations found by axe, and whether the page is too wide."""
        axe = pytest.importorskip("axe_playwright_python", reason="no axe: sync the group browser")
        await self.page.evaluate((Path(axe.__path__[0]) / "axe.min.js").read_text("utf-8"))
        found = await self.page.evaluate(VIOLATIONS, AXE_OPTIONS)
        wide = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return [
            f"{each['id']}: {node['html'][:160]} {json.dumps(node['any'][:1])[:160]}"
            for each in found
            for node in each["nodes"]
        ] + [f"{wide} px too wide"] * (wide > 0)

    @classmethod
    async def at_work(
        cls, browser: Any, stack: AppStack, name: str, language: str = "ru", **options: Any
    ) -> Self:
        """Return an officer who is signed in, in a new browser context."""
        context = await browser.new_context(
            viewport={"width": 1280, "height": 900},
            extra_http_headers={"Accept-Language": language},
            **options,
        )
        officer = cls(await context.new_page())
        officer.page.set_default_timeout(60_000)
        await officer.sign_in(stack.url, name)
        return officer
