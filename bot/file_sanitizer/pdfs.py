"""Conversion of PDF pages to images, which drops scripts, links, forms and attachments.

Runs only in the sandbox. The pdfium in the wheel of pypdfium2 is built without JavaScript and XFA.
"""

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from bot.file_sanitizer.images import Page, Unfit, encode, hints_on

MAX_PAGES = 10
DOTS_PER_POINT = 200 / 72
MAX_SIDE = 2400
PAGE_BYTES = 1_200_000

# A file without the end marker was truncated. Some programs append bytes after the marker.
_END, _END_WITHIN = b"%%EOF", 65_536


def pages_of(data: bytes) -> tuple[list[Page], frozenset[str]]:
    """Convert a PDF to pages; return them and hints about their quality (see `images.hints_on`).

    Raises Unfit if the PDF is refused.
    """
    document = _open(data)
    if len(document) > MAX_PAGES:
        raise Unfit("too_many_pages")
    pages, hints = [], []
    for number in range(len(document)):
        image = _render(document[number])
        hints.append(hints_on(image, is_photo=False))
        pages.append(encode(image, PAGE_BYTES))
    # Report "blank" only if all pages are blank, since the back of a sheet often is. The hints
    # "dark" and "small" are about photos and do not apply to a PDF.
    blank = all("blank" in each for each in hints)
    blurred = any("blurred" in each for each in hints)
    odd = {"blank": blank, "blurred": blurred and not blank}
    return pages, frozenset(name for name, is_so in odd.items() if is_so)


def _open(data: bytes) -> pypdfium2.PdfDocument:
    if _END not in data[-_END_WITHIN:]:
        raise Unfit("broken")
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == raw.FPDF_ERR_PASSWORD
        raise Unfit("encrypted" if locked else "broken") from None
    document.init_forms()  # otherwise filled-in form fields are not drawn
    return document


def _render(page: pypdfium2.PdfPage) -> Image.Image:
    """Render a page with 200 dpi, or at a lower resolution if a side exceeds MAX_SIDE pixels."""
    scale = min(DOTS_PER_POINT, MAX_SIDE / max(page.get_size()))
    bitmap = page.render(scale=scale, may_draw_forms=True, rev_byteorder=True)
    image: Image.Image = bitmap.to_pil().convert("RGB")
    return image.convert("L") if _is_grey(image) else image


def _is_grey(image: Image.Image) -> bool:
    small = image.resize((200, 200), Image.Resampling.BOX).convert("YCbCr")
    tints = (tint.histogram() for tint in small.split()[1:])
    return all(sum(shades[122:135]) == small.width * small.height for shades in tints)
