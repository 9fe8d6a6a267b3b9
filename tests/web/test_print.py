"""The checklist as a PDF: a link in the chat leads to it, its fonts have all letters.

Nothing about it is stored in the database.
"""

import json
import re

import pypdfium2
import pytest

from bot.i18n import Languages, catalogues
from bot.i18n.formats import names
from bot.printing import pdf as printing_pdf
from bot.printing import share_links
from bot.web.printed_checklist import OVER
from flows.checklist import CHECKLIST, USUAL
from flows.knowledge.documents import IIN
from tests.app_stack import AppStack
from tests.flows.chat import LANGUAGES, TODAY
from tests.visitor import Bubble, Visitor
from tests.web import telegram_chat, whatsapp_chat

TAPS = ("checklist", "kandas_status", "UZ", "alone", "yes", "unsaid")
ANSWERS = {
    "programme": "kandas_status",
    "citizenship": "CN",
    "family": "both",
    "child_papers": "unsure",
    "ethnicity_papers": "unsure",
    "location": "unsaid",
}
WORDS = Languages()


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


async def _complete_checklist(visitor: Visitor, language: str = "ru") -> Bubble:
    """Answer the checklist's questions; return the message with the link for printing.

    The message after it asks what to do with the list.
    """
    await visitor.wait(1)
    await visitor.press(language)
    for tap in TAPS:
        await visitor.press(tap)
    await visitor.wait(len(TAPS) + 3)
    return visitor.bubbles[-2]


def _print_url(stack: AppStack, bubble: Bubble) -> str:
    """Return the message's link for printing, with this test server's URL."""
    (url,) = (each for each in bubble.buttons.values() if "/print/" in each)
    return stack.url + "/print/" + url.rsplit("/print/", 1)[1]


async def _count(stack: AppStack, table: str) -> int:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute(f"SELECT count(*) FROM {table}")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


# The PDF of a checklist


@pytest.mark.parametrize("language", LANGUAGES)
def test_checklist_pdf_is_printed_in_every_language_and_script(language: str) -> None:
    pdf = printing_pdf.render_pdf(WORDS, ANSWERS, language, TODAY)
    assert pdf.startswith(b"%PDF-")
    text = words(pdf)
    title = WORDS.render(CHECKLIST.title, language)
    assert title in text or language == "kk_Arab", "Arabic script is read back in its own order"
    assert "2026" in text
    assert len(pypdfium2.PdfDocument(pdf)) in (2, 3)
    assert len(pdf) < 200_000, "only the letters that are shown are in it"


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_fonts_contain_every_letter_of_texts_and_names(language: str) -> None:
    """Typeset every letter; a letter that the fonts lack would fail, as PDF/UA requires."""
    local_names = names(language)
    found = [*catalogues.messages(language).values(), *local_names.countries.values()]
    letters = {sign for text in (*found, *local_names.months.values()) for sign in text}
    letters_used = sorted(sign for sign in letters if sign.isprintable() and sign not in "☑☐")
    sheet = {"lang": "en", "rtl": False, "title": "-", "date": "-", "lead": " ".join(letters_used)}
    sheet |= {"before": [], "papers": [], "after": []}
    printing_pdf.typeset(json.dumps(sheet), pdf_standards="ua-1", timestamp=0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_checklist_pdf_contains_a_link_to_the_assistant(language: str) -> None:
    site = f"https://kosh.example/?lang={language}"
    pdf = printing_pdf.render_pdf(WORDS, ANSWERS, language, TODAY, site=site)
    assert site in words(pdf)
    document = pypdfium2.PdfDocument(pdf)
    last = document[len(document) - 1].get_textpage().get_text_bounded()
    assert len(last.strip().splitlines()) > 3, "the last page has more than a line"
    assert len(pdf) < 200_000


def test_checklist_pdf_shows_ticks() -> None:
    plain = printing_pdf.render_pdf(WORDS, ANSWERS, "ru", TODAY)
    assert printing_pdf.render_pdf(WORDS, ANSWERS, "ru", TODAY, (IIN.key,)) != plain
    assert printing_pdf.render_pdf(WORDS, ANSWERS, "ru", TODAY, ("documents.none",)) == plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_checklist_pdf_for_a_phone_has_small_pages_with_every_document(language: str) -> None:
    site = f"https://kosh.example/?lang={language}"
    pdf = printing_pdf.render_pdf(WORDS, ANSWERS, language, TODAY, site=site, phone=True)
    document = pypdfium2.PdfDocument(pdf)
    assert {round(page.get_width() / 72 * 25.4) for page in document} == {90}
    assert {round(page.get_height() / 72 * 25.4) for page in document} == {180}
    assert site in words(pdf).replace("\n", "").replace("\r", "")
    last = document[len(document) - 1].get_textpage().get_text_bounded()
    assert len(last.strip().splitlines()) > 3, "the last page has more than a line"
    paper = printing_pdf.render_pdf(WORDS, ANSWERS, language, TODAY, site=site)
    assert set("".join(words(paper).split())) <= set("".join(words(pdf).split()))


# The link for printing in the chat


MOBILE = {"Sec-CH-UA-Mobile": "?1"}


@pytest.mark.parametrize("hint", [MOBILE, {"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E148"}])
async def test_checklist_share_link_on_a_phone_offers_phone_and_a4_formats(
    stack: AppStack, hint: dict[str, str]
) -> None:
    widths = []
    async with Visitor.at(stack.url) as visitor:
        link = _print_url(stack, await _complete_checklist(visitor))
        async with visitor.session.get(link, headers=hint) as answer:
            assert answer.content_type == "text/html"
            assert answer.headers["Cache-Control"] == "no-store"
            page = await answer.text()
        for found in re.findall(r'href="(\?paper=\w+)"', page):
            async with visitor.session.get(link + found, headers=hint) as answer:
                assert answer.content_type == "application/pdf"
                document = pypdfium2.PdfDocument(await answer.read())
                widths.append(round(document[0].get_width() / 72 * 25.4))
        assert widths == [90, 210]
        async with visitor.session.get(f"{stack.url}/print/{'x' * 32}", headers=hint) as unknown:
            assert unknown.status == 410


async def test_checklist_printed_by_an_anonymous_person_is_not_stored(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        link = _print_url(stack, await _complete_checklist(visitor))
        for _time in range(2):
            async with visitor.session.get(link) as answer:
                assert answer.status == 200
                assert answer.content_type == "application/pdf"
                assert answer.headers["Cache-Control"] == "no-store"
                assert "Узбек" not in answer.headers["Content-Disposition"]
                pdf = await answer.read()
    text = words(pdf)
    assert WORDS.render(USUAL, "ru").partition("{")[0].strip() in text
    assert visitor.chat not in text
    assert await _count(stack, "people") == await _count(stack, "messages") == 0


async def test_checklist_share_link_is_random_and_its_downloads_are_limited(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No download becomes possible again during the test, however slow the machine is.
    monkeypatch.setattr(share_links, "RATE", 1e-6)
    async with Visitor.at(stack.url) as visitor:
        link = _print_url(stack, await _complete_checklist(visitor))
        assert re.fullmatch(r"http://[^/]+/print/[\w-]{32}", link)
        for _download in range(share_links.MAX_AT_ONCE):
            async with visitor.session.get(link) as answer:
                assert answer.status == 200
        async with visitor.session.get(link) as answer:
            assert answer.status == 429
            assert "попробуйте через минуту" in await answer.text()
        async with visitor.session.get(f"{stack.url}/print/{'x' * 32}") as unknown:
            assert unknown.status == 410
            page = await unknown.text()
        for language in LANGUAGES:
            assert WORDS.render(OVER, language) in page


@pytest.mark.release
async def test_checklist_share_link_is_a_url_button_on_telegram(stack: AppStack) -> None:
    user = await stack.telegram_user(7301)
    for tap in ("ru", *TAPS[:-1]):
        await telegram_chat.press(user, tap)
    count = len(user.received)
    await telegram_chat.press(user, TAPS[-1])
    await user.wait_for_message(count + 2)
    buttons = [b for message in user.received[-3:] for row in message.buttons for b in row]
    (url,) = [button.url for button in buttons if button.url]
    assert "/print/" in url


async def test_checklist_share_link_is_a_message_before_the_question_on_whatsapp(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.new_user(stack, "77010000731")
    await whatsapp_chat.choose_language(user, "ru")
    for tap in TAPS[:-1]:
        await whatsapp_chat.press(user, tap)
    await whatsapp_chat.press(user, TAPS[-1])

    async def can_save() -> bool:
        return any("keep" in key for key in whatsapp_chat.keys(user.last))

    await stack.until(can_save)
    (link,) = [each.link for each in user.received if each.link is not None]
    assert "/print/" in link[1]


@pytest.mark.requirement("S-60")
@pytest.mark.row(41)
def test_checklist_pdf_prints_typst_markup_as_text() -> None:
    hostile = (
        '#read("checklist.typ")', "$ 1/2 $", "*bold* _thin_ `raw`", "= heading", "<label> @label",
        '#link("https://evil.example")[x]', "https://evil.example", '"] #panic() [', "\\u{41}",
    )  # fmt: skip
    paper = {"name": hostile[0], "remarks": list(hostile), "ready": True}
    sheet = {"lang": "ru", "rtl": False, "title": hostile[5], "date": hostile[1]}
    sheet |= {"lead": hostile[7], "before": list(hostile), "papers": [paper], "after": [hostile[3]]}
    pdf = printing_pdf.typeset(json.dumps(sheet))
    text = re.sub(r"\s+", "", words(pdf))
    assert all(text.count(re.sub(r"\s+", "", each)) >= 2 for each in hostile), text
    assert not re.findall(rb"/(?:JavaScript|JS|Launch|URI|OpenAction|EmbeddedFile)\b", pdf)
