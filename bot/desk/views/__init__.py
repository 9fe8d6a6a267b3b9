"""Views for officers: case lists, a case, answers, the team, and recent changes.

A case is a person's request to officers. All queries use the console's database role and are
limited to one mission. Texts and answers are personal data: an officer who does not own the case
must give a reason, and each access is audited.
"""

from bot.desk.views.case_lists import (
    CaseRow,
    Event,
    Filter,
    Member,
    Page,
    countries,
    events,
    find,
    listing,
    listing_calls,
    newest,
    read_listing,
    spoke_at,
    team,
    window,
)
from bot.desk.views.case_view import (
    MAX_WORDS,
    PRESENT_MINUTES,
    Composer,
    Note,
    ReasonNeeded,
    Registered,
    ThreadMessage,
    View,
    file,
    is_withheld,
    may,
    page,
    require,
    view,
    view_with_rows,
)
from bot.desk.views.form_view import PERSONS_OWN, Answered, answers, form_path
from bot.desk.views.list_statements import Queue

__all__ = [
    "MAX_WORDS",
    "PERSONS_OWN",
    "PRESENT_MINUTES",
    "Answered",
    "CaseRow",
    "Composer",
    "Event",
    "Filter",
    "Member",
    "Note",
    "Page",
    "Queue",
    "ReasonNeeded",
    "Registered",
    "ThreadMessage",
    "View",
    "answers",
    "countries",
    "events",
    "file",
    "find",
    "form_path",
    "is_withheld",
    "listing",
    "listing_calls",
    "may",
    "newest",
    "page",
    "read_listing",
    "require",
    "spoke_at",
    "team",
    "view",
    "view_with_rows",
    "window",
]
