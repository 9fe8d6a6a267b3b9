"""The flows (scripted conversations) in the order of the menu.

The package `flows` is pure: it uses no I/O, no clock and no third-party library.
"""

from flows.about import ABOUT
from flows.announcements import ANNOUNCEMENTS
from flows.checklist import CHECKLIST
from flows.eligibility import ELIGIBILITY
from flows.faq import FAQ
from flows.interview import INTERVIEW
from flows.next_steps import NEXT_STEPS
from flows.officer import OFFICER
from flows.papers import PAPERS
from flows.preregistration import PREREGISTRATION
from flows.registry_questions import REGISTRY_QUESTIONS
from flows.support import SUPPORT

# A page of the menu shows 8 entries. `OFFICER` must be on the first page, also when the entry “My
# registration” is inserted as the first one.
FLOWS = {
    flow.name: flow
    for flow in (
        ELIGIBILITY,
        CHECKLIST,
        SUPPORT,
        INTERVIEW,
        PREREGISTRATION,
        OFFICER,
        FAQ,
        PAPERS,
        NEXT_STEPS,
        ANNOUNCEMENTS,
        ABOUT,
        *REGISTRY_QUESTIONS,
    )
}
