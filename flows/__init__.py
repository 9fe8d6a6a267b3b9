"""The flows in the order of the menu. The package is pure: no I/O, clock or third-party library."""

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

# A page of the menu shows 8 entries. `OFFICER` must be among the first 8, also when “My
# registration” is inserted before it.
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
