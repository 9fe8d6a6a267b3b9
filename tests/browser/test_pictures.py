"""Tests of the documents' pictures: a script draws each, and changed pages are detected."""

from pathlib import Path

from PIL import Image, ImageDraw

from tests.browser.language_pictures import CHANNELS, record_talk, web
from tests.browser.picture_files import PICTURES, difference, faults, names
from tests.browser.pictures import PARTS


def _page(path: Path, words: int, size: tuple[int, int] = (390, 844)) -> None:
    """Save an invented picture of a page, with `words` black bars instead of lines of text."""
    page = Image.new("RGB", size, "white")
    for line in range(words):
        ImageDraw.Draw(page).rectangle((20, 60 + 30 * line, 370, 78 + 30 * line), "black")
    path.parent.mkdir(exist_ok=True)
    page.save(path)


def test_picture_comparison_lists_missing_extra_and_changed_files(tmp_path: Path) -> None:
    drawn, stored = tmp_path / "drawn", tmp_path / "kept"
    for folder, changed in ((drawn, 12), (stored, 4)):
        _page(folder / "same.png", 8)
        _page(folder / "changed.png", changed)
    _page(drawn / "new.png", 1)
    _page(stored / "foreign.webp", 1)
    found = list(faults(drawn, stored))
    assert [each.partition(":")[0] for each in found] == ["new.png", "foreign.webp", "changed.png"]
    assert "no script makes it" in found[1]


def test_picture_comparison_ignores_a_changed_time_but_not_a_changed_size(tmp_path: Path) -> None:
    _page(tmp_path / "one.png", 8)
    with Image.open(tmp_path / "one.png") as page:
        ImageDraw.Draw(page).text((300, 820), "20:56", "black")
        page.save(tmp_path / "later.png")
    _page(tmp_path / "wide.png", 8, (1280, 860))
    assert 0 < difference(tmp_path / "one.png", tmp_path / "later.png") < 0.01
    assert difference(tmp_path / "one.png", tmp_path / "wide.png") == 1


def test_docs_pictures_all_belong_to_a_drawing_script() -> None:
    parts = ("hero", "checklist-", "console-", "languages/")
    assert [each for each in names(PICTURES) if not each.startswith(parts)] == []
    assert set(PARTS) == {"chat", "console", "announcing", "languages", "manual"}


def test_language_picture_of_the_chat_has_every_value_of_its_template() -> None:
    # Jinja raises an error for a value that is missing.
    assert "data-exit-words" in web(record_talk("about", "ru", CHANNELS["web"]))
