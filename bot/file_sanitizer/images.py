"""Image conversion to a page: first frame, upright, on white, scaled down, only pixels.

Runs only in the sandbox. Everything in the file besides pixels is dropped.
"""

import io
import math
import warnings
from dataclasses import dataclass

from PIL import Image, ImageFilter, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin

from bot.file_sanitizer.file_types import Kind

# Imported here, although unused, since the sandbox cannot load modules later.
_READERS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)

MAX_PIXELS = 40_000_000
MAX_SIDE = 3000
# The longer side of a narrow picture may exceed MAX_SIDE: a long screenshot keeps the width of a
# phone's screen, since its letters are only as large as this width allows.
MAX_LENGTH = 20_000
SCREEN_SIDE = 1080
LEGIBLE_SIDE = 480
MIN_SIDE = 100
SMALL_SIDE = 900
PICTURE_BYTES = 4_000_000

_QUALITIES = (85, 70, 50, 30)
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


class Unfit(Exception):
    """The file is refused; `reason` is a value of `Refusal`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Page:
    """A page as JPEG; `grey` means that it has one color channel instead of three."""

    width: int
    height: int
    grey: bool
    jpeg: bytes


def page_of(data: bytes, kind: Kind) -> tuple[Page, frozenset[str]]:
    """Convert an image file to a page; return it and hints about its quality (see `hints_on`).

    Raises Unfit if the file is refused.
    """
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        image = _upright(_open(data, kind))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise Unfit("too_many_pixels") from None
    return encode(image, PICTURE_BYTES), hints_on(image, is_photo=True)


def encode(image: Image.Image, limit: int) -> Page:
    """Encode the pixels as a JPEG of at most `limit` bytes, at the best quality that fits.

    Raises Unfit if no quality fits.
    """
    if min(image.size) < MIN_SIDE:
        raise Unfit("too_small")
    # Pillow would otherwise copy the metadata (comment, EXIF, ICC, XMP) into the JPEG.
    image.info = {}
    for quality in _QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= limit:
            return Page(image.width, image.height, image.mode == "L", out.getvalue())
    raise Unfit("too_large")


def hints_on(image: Image.Image, *, is_photo: bool) -> frozenset[str]:
    """Return hints about an image's quality: `dark`, `blank`, `blurred`, and `small` for photos.

    All except `small` are measured on a copy of at most 1,000 pixels a side, because people see
    about that many pixels when they read a page.
    """
    hints = {"small"} if is_photo and max(image.size) < SMALL_SIDE else set()
    grey = image.convert("L")
    grey.thumbnail((1000, 1000), Image.Resampling.BOX)
    shades = grey.histogram()
    low, high = _percentile(shades, 0.005), _percentile(shades, 0.995)
    if high < 80:
        hints.add("dark")
    if _is_blank(grey):
        hints.add("blank")
    elif _sharpness(grey) < 0.22 * (high - low):
        hints.add("blurred")
    return frozenset(hints)


def _is_blank(grey: Image.Image) -> bool:
    """Return True if the page is blank.

    The page is reduced to 250 × 250 pixels: noise averages out, but even a signature remains
    visible in a pixel or two.
    """
    shades = grey.resize((250, 250), Image.Resampling.BOX).histogram()
    return _percentile(shades, 1) - _percentile(shades, 1e-9) < 20


def _sharpness(grey: Image.Image) -> int:
    """Return the strength (Laplacian) of the sharpest edges, the top 0.3 % of the pixels.

    The share is low, because letters cover only a small part of a page.
    """
    edges = grey.filter(_LAPLACIAN).crop((1, 1, grey.width - 1, grey.height - 1))
    signed = edges.histogram()
    steep = [signed[128], *(signed[128 - n] + signed[min(128 + n, 255)] for n in range(1, 128))]
    return _percentile(steep, 0.997)


def _percentile(histogram: list[int], share: float) -> int:
    total, limit = 0, share * sum(histogram)
    for value, count in enumerate(histogram):
        total += count
        if total >= limit:
            return value
    return len(histogram) - 1


def _open(data: bytes, kind: Kind) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=(kind.upper(),))
    if min(image.size) < MIN_SIDE:
        raise Unfit("too_small")
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))
    image.load()
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        turn = None  # broken metadata in an intact image
    plain = _plain(image)
    _shrink(plain)
    return plain if turn is None else plain.transpose(turn)


def _shrink(image: Image.Image) -> None:
    """Scale an image down to a longer side of MAX_SIDE or, if it is narrow, to as many pixels.

    Raises Unfit if the letters of a long screenshot would become too small to be read.
    """
    short, long = sorted(image.size)
    legible = max(MAX_SIDE / long, SCREEN_SIDE / short)
    scale = min(legible, MAX_SIDE / math.sqrt(short * long), MAX_LENGTH / long)
    if scale >= 1:
        return
    if scale * short < LEGIBLE_SIDE:
        raise Unfit("too_many_pixels")
    image.thumbnail((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)


def _plain(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to 8-bit grey or RGB, with a white background."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        _shrink(image)
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
