"""Texts of the console's page about bursts: many cases from the web chat in a short time."""

from bot.budgets import Spending
from bot.desk.bursts import SpamReason
from flows.engine.text import Text, _, button

BURSTS: dict[str, Text] = {
    "bursts": button("Bursts"),
    "bursts_hint": _(
        "What was opened in the chat on the website in the last two days. An address is shown under"
        " a name that changes daily; nobody can read the address from it."
    ),
    "bursts_away": _("The counts can't be read now. Please try again in a minute."),
    "burst_sources": _("Busy addresses"),
    "burst_sources_hint": _(
        "From ten events in one hour. Many people may share one address: a hall, a school, a mobile"
        " network."
    ),
    "burst_waiting": _("Waiting cases of your team: {count}"),
    "burst_urgent": _("urgent: {count}"),
    "burst_close": button("Close as spam"),
    "burst_close_hint": _(
        "The waiting cases of this address are closed unread. Each person is asked to write again"
        " if it was a mistake. You can take it back for seven days. Cases that an officer has stay."
    ),
    "burst_reason": _("Why are they closed?"),
    "burst_with_urgent": _("The urgent ones too. I have looked at them."),
    "burst_closed": _("Closed together"),
    "burst_cases": _("cases: {count}"),
    "burst_reopen": button("Take it back"),
    "burst_taken_back": _("taken back {time}"),
    "burst_hours": _("By hour"),
    "done_burst_closed": _("The cases are closed. You can take it back on this page."),
    "done_burst_reopened": _("The cases wait for an officer again."),
}
SPENDINGS: dict[str, Text] = {
    # Translators: number of web chats opened from one internet address.
    Spending.CHAT: _("Chats"),
    # Translators: number of consents given from one internet address.
    Spending.PERSON: _("Consents"),
    Spending.CASE: _("Cases"),
    # Translators: number of registrations sent from one internet address.
    Spending.SUBMISSION: _("Registrations"),
    # Translators: number of tries, from one internet address, to see the state of a registration by
    # its number and PIN.
    Spending.LOOKUP: _("Status tries"),
}
SPAM_REASONS: dict[str, Text] = {
    SpamReason.PROGRAM: _("A program wrote them"),
    # Translators: the reason why a case is closed as spam.
    SpamReason.ADVERTISING: _("Advertising"),
    SpamReason.REPEATED: _("The same text again and again"),
}
