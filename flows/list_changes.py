"""Messages about changed rules for a person's saved checklist: the consent, and traits to compare.

A changed rule is announced to the people whose traits equal those of the announcement.
"""

from flows.engine.conditions import Answers
from flows.engine.flow import Consent
from flows.engine.text import _, button

# Kinds of traits that are compared: the list's programme, and the person's citizenship.
LIST, LIST_COUNTRY = "list", "list_country"
CONSENT = Consent(
    name="consent_list_changes",
    label=button("Consent"),
    purpose="list_changes",
    text=_(
        "May we write to you first when a rule of your list changes?\n"
        "• What we keep: the aim of the list and your citizenship, as codes that cannot be"
        " read back.\n"
        "• What we send: the changed rule and its source. The message stays in your chat until you"
        " delete it, and others may see it.\n"
        "• Who: the operator of this assistant keeps the codes; the messenger carries the"
        " message.\n"
        "• How long: until you stop it, delete the list, or write “stop”.\n"
        "• If you do not agree, your list stays as it is."
    ),
)


def traits(answers: Answers) -> dict[str, str]:
    """Return the traits that decide whether a changed rule is announced to the person."""
    citizenship = answers.get("citizenship")
    found = {LIST: answers.get("programme") or "kandas_status"}
    return found | ({LIST_COUNTRY: citizenship} if citizenship else {})
