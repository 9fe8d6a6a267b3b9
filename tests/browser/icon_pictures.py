"""Draw the icons and the preview image of links: `python -m tests.browser.icon_pictures`."""

import asyncio
from io import BytesIO
from pathlib import Path

from PIL import Image

import bot.web
from tests.browser.chromium import launched

ICONS = Path(bot.web.__file__).parent / "static" / "icons"
COLOURS = 64
SHELL = (
    "<meta charset=utf-8><style>*{{margin:0}}body{{display:grid;place-items:center;{style}}}"
    "p+p{{font-size:40px;font-weight:400;margin-top:24px}}i{{color:#b9652f;font-style:normal}}"
    "</style>{body}"
)
CARD = (
    "<div style='text-align:center'><img src=LOGO width=200><p>Көш <i>·</i> كوش</p>"
    "<p>Қазақша · قازاقشا · Русский · 中文 · Oʻzbekcha · Ўзбекча</p></div>"
)
CARD_STYLE = "height:630px;background:#f3f2ec;color:#15201f;font:700 120px Noto Sans"
# For each picture's file: width, height, CSS and body of the page that is drawn. Maskable icons
# need a margin, since phones crop them to various shapes.
PICTURES = {
    **{
        f"kosh-{size}.png": (size, size, f"height:{size}px", f"<img src=LOGO width={size}>")
        for size in (180, 192, 512)
    },
    "kosh-maskable-512.png": (
        512, 512, "height:512px;background:#0d5c54", "<img src=LOGO width=360>",
    ),
    "card.png": (1200, 630, CARD_STYLE, CARD),
}  # fmt: skip


async def main() -> None:
    """Draw every picture and save it among the static files."""
    logo = (ICONS / "kosh.svg").as_uri()
    async with launched() as browser:
        for name, (width, height, style, body) in PICTURES.items():
            viewport = {"width": width, "height": height}
            page = await browser.new_page(viewport=viewport)
            source = ICONS / "drawn.html"
            source.write_text(
                SHELL.format(style=style, body=body.replace("LOGO", logo)), encoding="utf-8"
            )
            await page.goto(source.as_uri())
            drawn = await page.screenshot(omit_background=True)
            source.unlink()
            await page.close()
            picture = Image.open(BytesIO(drawn))
            picture.quantize(COLOURS).save(ICONS / name, optimize=True)


if __name__ == "__main__":
    asyncio.run(main())
