"""Tests of the class Officer, with which the console's tests control a browser."""

from typing import Any

import pytest

from tests.browser.officer import Officer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# A page that has no #main at the first search, like one that the browser is still loading.
LOADING = """<body><script>
  const search = document.getElementById.bind(document);
  document.getElementById = id => {
    setTimeout(() => { document.body.innerHTML = '<main id=main>Case 1</main>'; });
    return search(id);
  };
</script></body>"""


async def test_browser_test_helper_waits_for_a_text_while_the_page_is_loading(browser: Any) -> None:
    page = await (await browser.new_context()).new_page()
    await page.set_content(LOADING)
    await Officer(page).wait_for_text("Case 1")
