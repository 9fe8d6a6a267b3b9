"""Files that people send: rejected, sanitized, or hostile to the sandboxed child process.

The pytest mark `row` gives the number of a kind of bad input in tests/proof/rows.toml (69 to 85).
"""

import asyncio
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageFilter, PngImagePlugin

from bot.file_sanitizer import child_process, pdfs, sanitizer
from bot.file_sanitizer.child_process import ChildProcess
from bot.file_sanitizer.sanitizer import MAX_BYTES, Clean, Refused, Sanitizer, Verdict
from bot.observability import logging
from flows.engine.upload_states import HINTS, MAX_PAGES, REFUSALS, Hint, Refusal
from tests.sample_files import LINE, chunk, deep_pdf, noise, pdf, photo, saved, sent, sheet

CANARY = b"Kanareika-Canary-7351"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MEBIBYTE = 1024 * 1024
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def file_sanitizer() -> AsyncIterator[Sanitizer]:
    async with Sanitizer(ahead=0) as file_sanitizer:
        yield file_sanitizer


async def cleaned(file_sanitizer: Sanitizer, file: bytes, **how: Any) -> tuple[Clean, bytes]:
    """Sanitize a file that must be accepted; return the verdict and the sanitized bytes."""
    verdict = await file_sanitizer.clean(sent(file), **how)
    assert isinstance(verdict, Clean), verdict
    with verdict.contents as contents:
        return verdict, b"".join(contents.pieces(100_000))


async def refused(file_sanitizer: Sanitizer, file: bytes) -> Refusal:
    verdict = await file_sanitizer.clean(sent(file))
    assert isinstance(verdict, Refused), verdict
    return verdict.reason


def opened(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))


# Rejected files, and the texts that people read about them


def _zipped(name: str, data: bytes = b"nothing") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return out.getvalue()


def _nested() -> bytes:
    inner = _zipped("0", b"\0" * 1_000_000)
    for level in range(5):
        inner = _zipped(f"{level}.zip", inner)
    return inner


def _bomb(side: int = 13_000) -> bytes:
    return saved(Image.new("1", (side, side)), "PNG")


def _huge_jpeg() -> bytes:
    """Return a small JPEG whose header claims 65,000 by 65,000 pixels."""
    file = bytearray(saved(sheet(300, 300)))
    at = file.index(b"\xff\xc0") + 5
    file[at : at + 4] = (65_000).to_bytes(2) * 2
    return bytes(file)


def _huge_webp() -> bytes:
    """Return a small WebP whose header claims 16,384 by 16,384 pixels."""
    file = bytearray(saved(sheet(300, 300), "WEBP", lossless=True))
    at = file.index(b"VP8L") + 9
    file[at : at + 4] = ((1 << 28) - 1).to_bytes(4, "little")
    return bytes(file)


LOCKED = pdf(
    trailer="/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" + "41" * 32 + ">/U<" + "42" * 32 + ">>>"
    "/ID[<43><43>]"
)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200
HTML = b"<!doctype html><script>alert(1)</script>" + b" " * 100
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>' + b" " * 100


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda: b"", Refusal.EMPTY, id="row-69-nothing"),
        pytest.param(lambda: b"\xff", Refusal.BROKEN, id="row-69-one-byte"),
        pytest.param(lambda: photo()[:-5000], Refusal.BROKEN, id="row-69-cut-jpeg"),
        pytest.param(lambda: saved(sheet(), "PNG")[:-5000], Refusal.BROKEN, id="row-69-cut-png"),
        pytest.param(lambda: saved(sheet(), "WEBP")[:-5000], Refusal.BROKEN, id="row-69-cut-webp"),
        pytest.param(lambda: pdf()[:-30], Refusal.BROKEN, id="row-69-cut-pdf"),
        pytest.param(lambda: b"%PDF-1.7\n" * 50 + b"%%EOF", Refusal.BROKEN, id="row-69-empty-pdf"),
        pytest.param(lambda: b"MZ" + b"\0" * 200, Refusal.UNKNOWN_TYPE, id="row-71-pdf.exe"),
        pytest.param(lambda: HTML, Refusal.UNKNOWN_TYPE, id="row-71-html"),
        pytest.param(lambda: SVG, Refusal.UNKNOWN_TYPE, id="row-71-svg"),
        *(
            pytest.param(
                lambda form=form: saved(sheet(200, 200), form),
                Refusal.UNKNOWN_TYPE,
                id=f"row-71-{form.lower()}",
            )
            for form in ("GIF", "TIFF", "BMP", "ICO")
        ),
        pytest.param(lambda: HEIC, Refusal.HEIC, id="row-71-heic"),
        pytest.param(_bomb, Refusal.TOO_MANY_PIXELS, id="row-72-png"),
        pytest.param(_huge_jpeg, Refusal.TOO_MANY_PIXELS, id="row-72-jpeg"),
        pytest.param(_huge_webp, Refusal.TOO_MANY_PIXELS, id="row-72-webp"),
        pytest.param(lambda: pdf(pages=11), Refusal.TOO_MANY_PAGES, id="row-73-11-pages"),
        pytest.param(lambda: pdf(pages=2000), Refusal.TOO_MANY_PAGES, id="row-73-2000-pages"),
        pytest.param(lambda: LOCKED, Refusal.ENCRYPTED, id="row-75"),
        pytest.param(lambda: _zipped("letter.txt"), Refusal.UNKNOWN_TYPE, id="row-76-zip"),
        pytest.param(lambda: _zipped("word/document.xml"), Refusal.UNKNOWN_TYPE, id="row-76-docx"),
        pytest.param(lambda: _zipped("AndroidManifest.xml"), Refusal.UNKNOWN_TYPE, id="row-76-apk"),
        pytest.param(_nested, Refusal.UNKNOWN_TYPE, id="row-76-42.zip"),
        pytest.param(
            lambda: saved(Image.new("RGB", (1, 1)), "PNG"), Refusal.TOO_SMALL, id="row-79-1x1"
        ),
        pytest.param(lambda: pdf(box="0 0 20 20"), Refusal.TOO_SMALL, id="row-79-tiny-page"),
        pytest.param(lambda: EICAR, Refusal.UNKNOWN_TYPE, id="row-83"),
    ],
)
@pytest.mark.row(69, 71, 72, 73, 75, 76, 79, 83)
async def test_sanitizer_refuses_each_bad_file_with_the_expected_reason(
    file_sanitizer: Sanitizer, make: Callable[[], bytes], reason: Refusal
) -> None:
    assert await refused(file_sanitizer, make()) == reason


@pytest.mark.requirement("S-48")
@pytest.mark.row(70)
async def test_sanitizer_stops_reading_a_too_large_file(file_sanitizer: Sanitizer) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        yield photo()
        while True:
            taken += 1
            yield b"\0" * MEBIBYTE

    verdict = await file_sanitizer.clean(endless())
    assert isinstance(verdict, Refused)
    assert verdict.reason == Refusal.TOO_LARGE
    assert verdict.received_size <= MAX_BYTES
    assert taken <= MAX_BYTES // MEBIBYTE + 1


@pytest.mark.row(71)
async def test_sanitizer_stops_reading_a_file_of_a_wrong_type(file_sanitizer: Sanitizer) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"GIF89a" + b"\0" * 1000

    verdict = await file_sanitizer.clean(endless())
    assert (verdict, taken) == (Refused(Refusal.UNKNOWN_TYPE), 1)


@pytest.mark.row(85)
async def test_sanitizer_logs_a_failed_download_without_its_address(
    file_sanitizer: Sanitizer, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.configure("debug")

    async def lost() -> AsyncIterator[bytes]:
        yield photo()[:70_000]
        raise OSError(f"404: https://files.invalid/bot{CANARY.decode()}/photo.jpg")

    verdict = await file_sanitizer.clean(lost())
    assert isinstance(verdict, Refused)
    assert verdict.reason == Refusal.INTERRUPTED
    log = capsys.readouterr().err
    assert "sanitizer.interrupted" in log
    assert CANARY.decode() not in log


def test_sanitizer_refusals_and_legibility_hints_all_have_user_texts() -> None:
    assert REFUSALS.keys() == set(Refusal)
    assert HINTS.keys() == set(Hint)
    assert pdfs.MAX_PAGES == MAX_PAGES


def test_sanitizer_child_uses_only_defined_refusals_and_legibility_hints() -> None:
    folder = ROOT / "bot" / "file_sanitizer"
    source = "".join((folder / name).read_text("utf-8") for name in ("images.py", "pdfs.py"))
    assert set(re.findall(r'Unfit\(\s*"(\w+)"', source)) <= set(Refusal)
    assert set(re.findall(r'hints\.add\("(\w+)"\)', source)) <= set(Hint)


# Accepted files, and their content after sanitizing


@pytest.mark.release
async def test_sanitizer_converts_a_photo_to_jpeg_and_a_pdf_to_pdf(
    file_sanitizer: Sanitizer,
) -> None:
    for form in ("JPEG", "PNG", "WEBP"):
        verdict, file = await cleaned(file_sanitizer, saved(sheet(), form))
        assert (verdict.media_type, verdict.pages, verdict.hints) == ("image/jpeg", 1, ())
        assert opened(file).format == "JPEG"
        assert opened(file).size == (1240, 1754)
    verdict, file = await cleaned(file_sanitizer, pdf(pages=MAX_PAGES))
    assert (verdict.media_type, verdict.pages) == ("application/pdf", MAX_PAGES)
    document = pypdfium2.PdfDocument(file)
    assert [tuple(map(round, page.get_size())) for page in document] == [(595, 842)] * MAX_PAGES


async def test_sanitizer_result_has_digest_and_size_of_input_and_output(
    file_sanitizer: Sanitizer,
) -> None:
    from hashlib import sha256

    original = photo()
    verdict, file = await cleaned(file_sanitizer, original)
    assert (verdict.received_hash, verdict.received_size) == (
        sha256(original).digest(),
        len(original),
    )
    assert (verdict.contents.sha256, verdict.contents.size) == (sha256(file).digest(), len(file))


@pytest.mark.release
async def test_sanitizer_downscales_a_large_photo(file_sanitizer: Sanitizer) -> None:
    _, file = await cleaned(file_sanitizer, saved(sheet(6000, 4500), quality=90))
    assert max(opened(file).size) == 3000
    _, file = await cleaned(file_sanitizer, noise(4000, 3000, 0), limit=20 * MEBIBYTE)
    assert len(file) <= 4_000_000


@pytest.mark.parametrize(
    ("height", "size"),
    [
        pytest.param(2400, (1080, 2400), id="one-screen"),
        pytest.param(8000, (1080, 8000), id="scrolled"),
        pytest.param(20_000, (697, 12_907), id="long"),
        pytest.param(36_000, (519, 17_300), id="longest"),
    ],
)
async def test_sanitizer_keeps_a_long_screenshot_legible(
    file_sanitizer: Sanitizer, height: int, size: tuple[int, int]
) -> None:
    verdict, file = await cleaned(file_sanitizer, saved(sheet(1080, height), "PNG"))
    assert opened(file).size == pytest.approx(size, rel=0.01)
    assert verdict.hints == ()


async def test_sanitizer_keeps_a_transparent_screenshot_legible(file_sanitizer: Sanitizer) -> None:
    image = sheet(1080, 8000).convert("RGBA")
    _, file = await cleaned(file_sanitizer, saved(image, "PNG"))
    assert opened(file).size == (1080, 8000)


async def test_sanitizer_refuses_a_screenshot_that_would_be_illegible(
    file_sanitizer: Sanitizer,
) -> None:
    assert (
        await refused(file_sanitizer, saved(sheet(720, 50_000), "PNG")) == Refusal.TOO_MANY_PIXELS
    )


@pytest.mark.parametrize(
    "box",
    [
        pytest.param("0 0 200000 200000", id="row-73-wide"),
        pytest.param("-100000 -100000 100000 100000", id="row-73-negative"),
    ],
)
async def test_sanitizer_shrinks_a_huge_pdf_page(file_sanitizer: Sanitizer, box: str) -> None:
    _, file = await cleaned(file_sanitizer, pdf(box=box))
    assert max(pypdfium2.PdfDocument(file)[0].get_size()) < 1000


@pytest.mark.release
@pytest.mark.row(73)
async def test_sanitizer_survives_a_pdf_page_of_200_mb(file_sanitizer: Sanitizer) -> None:
    original = deep_pdf()
    assert len(original) < 300_000
    verdict = await file_sanitizer.clean(sent(original))
    if isinstance(verdict, Clean):
        verdict.contents.close()
    else:
        assert verdict.reason in (Refusal.BROKEN, Refusal.TOOK_TOO_LONG)
    await cleaned(file_sanitizer, photo())


ACTIVE = (
    "<</S/JavaScript/JS(app.alert\\(1\\))>>",
    "<</EmbeddedFiles<</Names[(a)15 0 R]>>/JavaScript<</Names[(b)10 0 R]>>>>",
    "<</Fields[14 0 R]/XFA(<xdp/>)/NeedAppearances true/DA(/F 12 Tf 0 g)>>",
    "<</Type/Annot/Subtype/Link/Rect[0 0 500 500]/A<</S/URI/URI(https://evil.invalid/)"
    "/Next[<</S/Launch/F(calc.exe)>>]>>>>",
    "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Testova)/Rect[60 500 400 540]/AA<</K 10 0 R>>>>",
    "<</Type/Filespec/F(virus.exe)/EF<</F 16 0 R>>>>",
    "<</Type/EmbeddedFile/Length 4>>stream\nMZ  \nendstream",
)
NAMES = re.compile(
    rb"JavaScript|/JS|OpenAction|Launch|Embedded|XFA|AcroForm|Annot|URI|/AA|ObjStm|Names"
    rb"|Producer|CreationDate|ModDate|/Info|/ID|Metadata"
)


@pytest.mark.requirement("S-47")
@pytest.mark.row(74)
async def test_sanitizer_keeps_only_page_images_of_a_pdf_with_active_content(
    file_sanitizer: Sanitizer,
) -> None:
    original = pdf(*ACTIVE)
    assert NAMES.search(original)
    verdict, file = await cleaned(file_sanitizer, original)
    assert verdict.hints == ()
    assert not NAMES.search(file)
    assert set(re.findall(rb"/Filter/(\w+)", file)) == {b"DCTDecode"}


async def test_sanitizer_renders_filled_form_fields(file_sanitizer: Sanitizer) -> None:
    _, with_form = await cleaned(file_sanitizer, pdf(*ACTIVE))
    place = (170, 840, 1100, 945)  # width and height of the field at 200 dots per inch
    drawn = pypdfium2.PdfDocument(with_form)[0].render(scale=200 / 72).to_pil().convert("L")
    assert sum(drawn.crop(place).histogram()[:100]) > 100


def _with_extras() -> dict[str, bytes]:
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    png_info = PngImagePlugin.PngInfo()
    png_info.add_text("Comment", CANARY.decode())
    png_info.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    archive = _zipped("payload", CANARY) + CANARY
    png = saved(sheet(), "PNG")
    return {
        "row-77-pdf-and-zip": pdf() + archive,
        "row-77-png-and-more": png + archive,
        "row-77-png-text": saved(sheet(), "PNG", pnginfo=png_info),
        "row-77-png-unknown-chunk": png[:33] + chunk(b"caNa", CANARY) + png[33:],
        "row-77-jpeg-and-more": photo() + archive,
        "row-77-jpeg-comment": saved(sheet(), comment=CANARY),
        "row-77-jpeg-exif": saved(sheet(), exif=exif),
        "row-77-jpeg-xmp": saved(sheet(), xmp=CANARY),
        "row-77-jpeg-icc": saved(sheet(), icc_profile=CANARY * 10),
        "row-77-webp-exif-xmp": saved(sheet(), "WEBP", exif=exif, xmp=CANARY),
        "row-83-eicar-in-jpeg": saved(sheet(), comment=EICAR + CANARY),
        "row-77-pdf-comment": pdf() + b"%" + CANARY + b"\n%%EOF",
    }


EXTRAS = _with_extras()


@pytest.mark.parametrize("name", EXTRAS)
@pytest.mark.requirement("S-47")
@pytest.mark.row(77)
async def test_sanitizer_removes_metadata_and_appended_data(
    file_sanitizer: Sanitizer, name: str
) -> None:
    assert CANARY in EXTRAS[name]
    _, file = await cleaned(file_sanitizer, EXTRAS[name])
    for trace in (
        CANARY,
        EICAR,
        b"PK\x03\x04",
        b"Exif",
        b"ICC_PROFILE",
        b"http://ns.adobe",
        b"<x:",
    ):
        assert trace not in file
    for picture in re.findall(rb"\xff\xd8\xff.+?\xff\xd9", file, re.DOTALL):
        markers = set(_segments(picture))
        assert markers <= {0xE0, 0xDB, 0xC0, 0xC4, 0xDA, 0xD9}, markers


def _segments(jpeg: bytes) -> list[int]:
    """Return the markers of the JPEG's segments before its image data."""
    found, at = [], 2
    while jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        found.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return found


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.requirement("S-47")
@pytest.mark.row(78)
async def test_sanitizer_removes_the_location_and_rotates_a_photo_upright(
    file_sanitizer: Sanitizer, form: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (43.0, 14.0, 16.5)
    upright = sheet()
    upright.paste("black", (0, 0, 1240, 200))  # the top
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    _, file = await cleaned(file_sanitizer, saved(lying, form, exif=exif))
    image = opened(file).convert("L")
    assert not dict(image.getexif())
    assert image.size == upright.size
    assert image.getpixel((620, 100)) < 40 < image.getpixel((620, 1700))  # type: ignore[operator]


def _animated(form: str) -> bytes:
    red = Image.new("RGB", (300, 300), "red")
    return saved(sheet(300, 300), form, save_all=True, append_images=[red], duration=100)


def _of_16_bits() -> bytes:
    grey = sheet().convert("L").convert("I").point(lambda shade: shade * 257)
    return saved(grey.convert("I;16"), "PNG")


def _palette() -> bytes:
    image = sheet().quantize(16)
    return saved(image, "PNG", transparency=image.getpixel((1, 1)))


@pytest.mark.release
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: _animated("PNG"), id="row-79-animated-png"),
        pytest.param(lambda: _animated("WEBP"), id="row-79-animated-webp"),
        pytest.param(lambda: saved(sheet().convert("CMYK")), id="row-79-cmyk"),
        pytest.param(_of_16_bits, id="row-79-16-bits"),
        pytest.param(_palette, id="row-79-palette"),
        pytest.param(lambda: saved(sheet().convert("1"), "PNG"), id="row-79-one-bit"),
        pytest.param(lambda: saved(sheet().convert("LA"), "PNG"), id="row-79-grey-alpha"),
        pytest.param(lambda: saved(sheet(), progressive=True), id="row-79-progressive"),
    ],
)
@pytest.mark.row(79)
async def test_sanitizer_renders_unusual_pictures_correctly(
    file_sanitizer: Sanitizer, make: Callable[[], bytes]
) -> None:
    verdict, file = await cleaned(file_sanitizer, make())
    image = opened(file)
    assert verdict.pages == 1
    assert image.mode in ("L", "RGB")
    shades = image.convert("L").histogram()
    assert sum(shades[200:]) > 0.6 * sum(shades)  # paper
    assert sum(shades[:90]) > 0.01 * sum(shades)  # print


async def test_sanitizer_renders_transparency_as_white(file_sanitizer: Sanitizer) -> None:
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    _, file = await cleaned(file_sanitizer, saved(image, "PNG"))
    assert opened(file).convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("image", "hint"),
    [
        pytest.param(Image.new("RGB", (1200, 1600)), Hint.DARK, id="row-80-black"),
        pytest.param(sheet().point(lambda v: v // 6), Hint.DARK, id="row-80-dark"),
        pytest.param(
            sheet().filter(ImageFilter.GaussianBlur(5)), Hint.BLURRED, id="row-80-blurred"
        ),
        pytest.param(Image.new("RGB", (1200, 1600), "white"), Hint.BLANK, id="row-80-blank"),
        pytest.param(sheet(300, 400), Hint.SMALL, id="row-80-small"),
    ],
)
@pytest.mark.row(80)
async def test_sanitizer_accepts_a_hardly_readable_photo_and_reports_why(
    file_sanitizer: Sanitizer, image: Image.Image, hint: Hint
) -> None:
    verdict, _ = await cleaned(file_sanitizer, saved(image))
    assert hint in verdict.hints


async def test_sanitizer_gives_no_legibility_hint_for_a_sparse_or_empty_page(
    file_sanitizer: Sanitizer,
) -> None:
    one_line = Image.new("RGB", (1240, 1754), "white")
    one_line.paste(sheet().crop((100, 170, 1240, 260)), (60, 800))
    assert (await cleaned(file_sanitizer, saved(one_line)))[0].hints == ()
    empty = Image.new("RGB", (1240, 1754), "white")
    scan = saved(sheet(), "PDF", save_all=True, append_images=[empty])
    assert (await cleaned(file_sanitizer, scan))[0].hints == ()


# The sandbox of the child process

# Source of a child process whose malicious decoder attempts system calls and reports their results.
TAKEN_OVER = """
import errno, json, mmap, os, socket, sys
sys.path.insert(0, sys.argv[1])
from bot.file_sanitizer import child_main as child, pdfs, seccomp as cell

def attempt(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

def attack(data):
    tried = {
        "socket": lambda: socket.socket(),
        "unix": lambda: socket.socket(socket.AF_UNIX),
        "read": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "write": lambda: os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT),
        "unlink": lambda: os.unlink(sys.argv[3]),
        "fork": lambda: os.fork() or os._exit(0),
        "code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
        "signal": lambda: os.kill(os.getppid(), 0),
        "exec": lambda: os.execv("/nonexistent", ["x"]),
    }
    child._tell([json.dumps({name: attempt(act) for name, act in tried.items()}).encode()])
    os._exit(0)

if sys.argv[4] == "open":
    cell.enter = lambda: None
ready = child._warm_up
child._warm_up = lambda: (ready(), setattr(pdfs, "pages_of", attack))
child.main()
"""


def _taken_over(folder: Path, cell: str) -> dict[str, str]:
    (folder / "victim").touch()
    places = [str(ROOT), str(folder / "made"), str(folder / "victim"), cell]
    process = subprocess.run(
        [sys.executable, "-I", "-c", TAKEN_OVER, *places],
        input=pdf(),
        capture_output=True,
        check=True,
    )
    first, _, results = process.stdout.partition(b"\n")
    assert first == b"ready"
    return dict(json.loads(results))


@pytest.mark.requirement("S-46")
def test_sandbox_blocks_a_compromised_child(tmp_path: Path) -> None:
    results = _taken_over(tmp_path, "closed")
    assert set(results.values()) == {"EPERM"}, results
    assert not (tmp_path / "made").exists()
    assert (tmp_path / "victim").exists()


@pytest.mark.requirement("S-46", "S-80")
def test_sandbox_attack_succeeds_without_the_sandbox(tmp_path: Path) -> None:
    results = _taken_over(tmp_path, "open")
    assert results.pop("exec") == "ENOENT"
    assert set(results.values()) == {"done"}, results
    assert (tmp_path / "made").exists()
    assert not (tmp_path / "victim").exists()


def _child(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(
        child_process, "_CHILD", "import os, sys, time; sys.path.insert(0, sys.argv[1])\n" + script
    )


BEHIND_THE_DOOR = """
from bot.file_sanitizer import child_main as child, pdfs, seccomp as cell
cell.CPU_SECONDS = 1
ready = child._warm_up
def attack(data):
    {act}
child._warm_up = lambda: (ready(), setattr(pdfs, "pages_of", attack))
child.main()
"""


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        pytest.param("while True: pass", Refusal.TOOK_TOO_LONG, id="spins"),
        pytest.param("bytearray(2**31)", Refusal.BROKEN, id="eats-memory"),
        pytest.param("os.abort()", Refusal.BROKEN, id="crashes"),
        pytest.param("attack(data)", Refusal.BROKEN, id="recurses"),
        pytest.param("os.write(1, b'x' * 10)", Refusal.BROKEN, id="babbles"),
    ],
)
async def test_sanitizer_child_failure_affects_only_its_file(
    file_sanitizer: Sanitizer, monkeypatch: pytest.MonkeyPatch, act: str, reason: Refusal
) -> None:
    with monkeypatch.context() as patch:
        _child(patch, BEHIND_THE_DOOR.format(act=act))
        assert await file_sanitizer.prepare()
        assert await refused(file_sanitizer, pdf()) == reason
        await asyncio.gather(*file_sanitizer._spares)
    for spare in file_sanitizer._spares:
        if started := spare.result():
            await started.end()
    await cleaned(file_sanitizer, pdf())


@pytest.mark.requirement("S-46")
async def test_sanitizer_kills_a_hanging_child(
    file_sanitizer: Sanitizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _child(monkeypatch, "os.write(1, b'ready\\n'); time.sleep(600)")
    monkeypatch.setattr(sanitizer, "WORK_SECONDS", 0.2)
    assert await refused(file_sanitizer, pdf()) == Refusal.TOOK_TOO_LONG


@pytest.mark.parametrize(
    "output",
    [
        "b'{}\\n'",
        "b'nonsense\\n'",
        "b'x' * 200_000",
        'b\'{"refused": "invented"}\\n\'',
        "b'{\"pages\": [[100, 100, false, 5]]}\\n%PDF-'",
        "b'{\"pages\": [[100, 100, false, 5000000]]}\\n'",
        "b'{\"pages\": [[100, 1000000, false, 5]]}\\n'",
        'b\'{"kind": "pdf", "pages": \' + str([[9, 9, 1, 9]] * 11).encode() + b"}\\n"',
    ],
)
async def test_sanitizer_rejects_invalid_answers_of_a_child(
    file_sanitizer: Sanitizer, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    _child(
        monkeypatch,
        f"os.write(1, b'ready\\n')\nwhile os.read(0, 65536): pass\nos.write(1, {output})\n",
    )
    assert await refused(file_sanitizer, photo()) == Refusal.BROKEN


@pytest.mark.requirement("S-46")
async def test_sanitizer_refuses_files_and_logs_an_error_without_a_sandbox(
    file_sanitizer: Sanitizer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.configure("info")
    with monkeypatch.context() as patch:
        _child(
            patch,
            "from bot.file_sanitizer import child_main as child, seccomp as cell\n"
            "cell._MACHINES.clear()\nchild.main()",
        )
        assert not await file_sanitizer.prepare()
        assert await refused(file_sanitizer, photo()) == Refusal.UNAVAILABLE
    assert "E_SANITIZER_UNAVAILABLE" in capsys.readouterr().err
    assert await file_sanitizer.prepare(), "it is tried again"
    await cleaned(file_sanitizer, photo())


async def test_sandbox_self_test_detects_an_ineffective_seccomp_filter(
    file_sanitizer: Sanitizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _child(
        monkeypatch,
        "from bot.file_sanitizer import child_main, seccomp\n"
        "seccomp._filter = lambda libc: None\nchild_main.main()",
    )
    assert not await file_sanitizer.prepare()


@pytest.mark.requirement("S-70")
async def test_sanitizer_child_gets_an_empty_environment(
    file_sanitizer: Sanitizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOSH_CANARY", CANARY.decode())
    assert await file_sanitizer.prepare()
    started = await file_sanitizer._spares[0]
    assert started is not None
    environment = Path(f"/proc/{started._process.pid}/environ").read_bytes()
    assert CANARY not in environment


# The process that starts the children: number of children, shutdown, memory


@pytest.mark.release
async def test_sanitizer_runs_at_most_two_children_and_leaves_none_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[ChildProcess] = []
    at_work = busiest = 0
    both_running = asyncio.Event()
    start, work = ChildProcess.start.__func__, ChildProcess.work  # type: ignore[attr-defined]

    async def counted_start(cls: type[ChildProcess]) -> ChildProcess | None:
        new: ChildProcess | None = await start(cls)
        if new is not None:
            started.append(new)
        return new

    async def counted_work(self: ChildProcess, *rest: Any) -> Any:
        nonlocal at_work, busiest
        at_work += 1
        busiest = max(busiest, at_work)
        if at_work > 1:
            both_running.set()
        try:
            # The first child could finish before the second has started, so each child waits until
            # two are at work.
            await both_running.wait()
            return await work(self, *rest)
        finally:
            at_work -= 1

    monkeypatch.setattr(ChildProcess, "start", classmethod(counted_start))
    monkeypatch.setattr(ChildProcess, "work", counted_work)
    async with Sanitizer() as file_sanitizer:
        files = [photo(f"{LINE} {number}") for number in range(7)]
        verdicts = await asyncio.gather(*(file_sanitizer.clean(sent(file)) for file in files))
        assert [type(each) for each in verdicts] == [Clean] * 7
        _close(verdicts)
        assert len({id(each) for each in started}) >= 7, "a child serves one file"
        late = asyncio.create_task(file_sanitizer.clean(sent(photo())))
        await asyncio.sleep(0)
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
    assert busiest == 2
    assert not [each for each in started if each.is_alive]


async def test_sanitizer_exit_does_not_wait_for_a_starting_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _child(monkeypatch, "time.sleep(600)")
    async with asyncio.timeout(child_process.START_SECONDS / 2):
        async with Sanitizer() as file_sanitizer:
            preparing = asyncio.create_task(file_sanitizer.prepare())
            await asyncio.sleep(0)
        await asyncio.gather(preparing, return_exceptions=True)


def _close(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        assert isinstance(verdict, Clean)
        verdict.contents.close()


async def test_sanitizer_cleans_a_file_when_its_spare_child_processes_died(
    file_sanitizer: Sanitizer,
) -> None:
    assert await file_sanitizer.prepare()
    for spare in file_sanitizer._spares:
        waiting = await spare
        assert waiting is not None
        waiting._process.kill()
        await waiting._process.wait()
    await cleaned(file_sanitizer, photo())


@pytest.mark.release
@pytest.mark.requirement("S-48")
async def test_sanitizer_parent_memory_stays_small_for_large_files(
    file_sanitizer: Sanitizer,
) -> None:
    files = [noise(4000, 3000, 20 * MEBIBYTE) for _ in range(2)]
    scan = saved(sheet(), "PDF", save_all=True, append_images=[sheet()] * 9)
    await cleaned(file_sanitizer, photo())
    before = _peak(reset=True)
    all_files = [*files, scan]
    verdicts = await asyncio.gather(
        *(file_sanitizer.clean(sent(file), limit=20 * MEBIBYTE) for file in all_files)
    )
    for verdict in verdicts:
        assert isinstance(verdict, Clean)
        for _ in verdict.contents.pieces(256 * 1024):
            pass
    moved = _peak() - before
    _close(verdicts)
    assert moved < 20 * MEBIBYTE


def _peak(*, reset: bool = False) -> int:
    """Return this process's peak memory in bytes; `reset` starts a new measurement."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024
