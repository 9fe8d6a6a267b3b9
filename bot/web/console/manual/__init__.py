"""The officers' manual: its sections in order, and the section that explains each page."""

from bot.web.console.manual import cases, publishing, running
from bot.web.console.manual.cases import FIRST_DAY
from bot.web.console.manual.section import Section

__all__ = ["SECTIONS", "Section", "section_of"]

SECTIONS = (
    *cases.SECTIONS,
    *publishing.SECTIONS,
    *running.SECTIONS,
    cases.THE_KEYS,
)
# Pages that the section about cases explains, even if their menu entry belongs to another section.
_OF_CASES = {"case", "answers", "reason", "case_canned", "case_facts", "break_glass_case"}
_NAMES = frozenset(each.name for each in SECTIONS)


def section_of(template: str, entry: str) -> str:
    """Return the anchor of the section that explains a page.

    For the pages of a case this is the section about cases, for any other page the section of the
    page's menu entry, or the first section if the menu entry has no section.
    """
    if template.partition(".")[0] in _OF_CASES:
        return "case"
    return entry if entry in _NAMES else FIRST_DAY.name
