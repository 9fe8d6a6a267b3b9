"""Flow for uploads after a registration: photos or files of each kind of paper, all optional."""

from datetime import date

from flows import lifetimes
from flows.engine.effects import SendPapers, Submit
from flows.engine.flow import Consent, Flow, Outcome, Upload
from flows.engine.text import _, button

CONSENT = Consent(
    name="consent_papers",
    label=button("Consent"),
    purpose="papers",
    text=_(
        "May we take photos of your papers and send them to the registry?\n"
        "• What: the pages that you choose to send. You can skip each paper.\n"
        "• Why: so that the registry can check your registration.\n"
        "• Who gets it: the operator of this assistant and the registry.\n"
        "• How long: they are kept under lock here until the registry has accepted them,"
        " {days} days at most.\n"
        "• Write “delete” at any time to erase them.\n"
        "• If you do not agree, your registration stays as it is.",
        days=lifetimes.UPLOAD_DAYS,
    ),
)
PASSPORT = Upload(
    name="paper_identity",
    label=button("Passport"),
    text=_("Please send a photo of the passport page with your picture, flat and by daylight."),
    help=_("The whole page must be seen, with the two lines of letters at the bottom."),
    paper="identity",
    sensitive=True,
    skippable=True,
)
ETHNICITY = Upload(
    name="paper_ethnicity",
    label=button("Ethnicity paper"),
    text=_("Do you have a paper that states that you are Kazakh? Please send a photo of it."),
    paper="ethnicity",
    sensitive=True,
    skippable=True,
)
FAMILY = Upload(
    name="paper_family",
    label=button("Family papers"),
    text=_("Birth or marriage certificates of those who come with you? Please send photos."),
    paper="family",
    sensitive=True,
    skippable=True,
)


def outcome(answers: Submit, today: date) -> Outcome:
    given = any(value not in (None, "yes", "0") for value in answers.answers.values())
    if not given:
        return Outcome((_("No paper was sent. You can send papers at any time."),))
    thanks = _(
        "Thank you. Your papers go to the registry. You can see here whether they have arrived."
    )
    return Outcome((thanks,), (SendPapers(),))


PAPERS = Flow(
    name="papers",
    title=button("Send papers"),
    items=(CONSENT, PASSPORT, ETHNICITY, FAMILY),
    outcome=outcome,
    declined=lambda answers, today: (_("No paper was kept. Your registration stays as it is."),),
    follows=True,
)
