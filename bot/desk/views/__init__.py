"""What officers see: the list, a case, its answers, the team; and what changed since.

Everything runs as the console's role inside one mission. Words and answers are personal data: who
does not hold the case gives a reason, and the reading is written into the audit.
"""

from bot.desk.views.case_lists import (
    CaseRow,
    Event,
    Filter,
    Member,
    Page,
    events,
    find,
    listing,
    newest,
    team,
    window,
)
from bot.desk.views.case_view import (
    MAX_WORDS,
    Composer,
    Noted,
    ReasonNeeded,
    Registered,
    Said,
    View,
    may,
    page,
    view,
)
from bot.desk.views.form_view import PERSONS_OWN, Answered, answers, form_path
from bot.desk.views.statements import Queue

__all__ = [
    "MAX_WORDS",
    "PERSONS_OWN",
    "Answered",
    "CaseRow",
    "Composer",
    "Event",
    "Filter",
    "Member",
    "Noted",
    "Page",
    "Queue",
    "ReasonNeeded",
    "Registered",
    "Said",
    "View",
    "answers",
    "events",
    "find",
    "form_path",
    "listing",
    "may",
    "newest",
    "page",
    "team",
    "view",
    "window",
]
