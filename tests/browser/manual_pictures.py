"""Pictures of the officers' manual in each language: `python -m tests.browser.manual_pictures`."""

import asyncio
from io import BytesIO

from PIL import Image

from bot.i18n import tag
from tests.browser.chromium import launched
from tests.browser.console_pictures import (
    OWN_CASE_STEPS,
    TIMES,
    Shot,
    signed_in,
    stack,
    walk,
)
from tests.browser.console_scene import create_waiting_cases
from tests.browser.picture_files import manual_folder
from tests.officer_names import MARAT

# Steps that lead to the screen of each picture, by the picture's name.
STEPS = {
    "inbox": ("/console/inbox?queue=all",),
    "case": OWN_CASE_STEPS,
    "canned": ("/console/canned",),
}
QUALITY = 60


async def draw() -> None:
    """Draw each picture of the manual in each language of the console."""
    manual_folder().mkdir(exist_ok=True)
    async with stack("kosh_manual") as scene, launched(TIMES) as browser:
        await create_waiting_cases(scene)
        for code, _name in scene.rt.languages.languages():
            page = await signed_in(browser, scene, Shot("", MARAT, tag(code), ()))
            for name, steps in STEPS.items():
                picture = await walk(scene, page, Shot(name, MARAT, tag(code), steps))
                with Image.open(BytesIO(picture)) as image:
                    image.save(manual_folder() / f"{name}-{code}.webp", quality=QUALITY, method=6)
            await page.context.close()


if __name__ == "__main__":
    asyncio.run(draw())
