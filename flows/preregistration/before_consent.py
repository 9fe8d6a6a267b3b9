"""Pre-registration before the consent: the situation, the notice of the risk, and the consent.

The answers before the consent decide which questions follow. The answers are not stored until the
person consents.
"""

from flows import lifetimes
from flows.engine import labels
from flows.engine.flow import Consent, HandoffOffer, Notice
from flows.engine.options import Option, Periods, Places
from flows.engine.questions import NO, UNSURE, YES, Choice, CountryQuestion, YesNo
from flows.engine.text import _, button, row
from flows.knowledge.origins import ORIGINS

YES_NO_UNSURE = (YES, NO, UNSURE)

APPLYING = Choice(
    name="applying",
    label=button("Registering"),
    text=_("Whom would you like to register?"),
    among=(
        Option("self", button("Myself")),
        Option("family", button("Me and my family")),
        Option("other", button("Someone else")),
    ),
)
OTHER_PERSON = HandoffOffer(
    name="gate_other",
    label=button("Someone else"),
    text=_(
        "Each adult registers personally, because each must agree. You can send them the address of"
        " this assistant. Do not send it to anybody for whom contact with us could be dangerous."
        " An officer can explain how to help. If you go on, you register yourself."
    ),
    topic="other_person",
    on_go_on=((APPLYING, "self"),),
    when=APPLYING.is_("other"),
)
ADULT = YesNo(
    name="adult",
    label=button("18 or older"),
    text=_("Are you 18 or older?"),
    persisted=False,
    from_age=18,
)
MINOR = HandoffOffer(
    name="gate_minor",
    label=button("Under 18"),
    text=_(
        "A parent or guardian registers a person under 18 together with the family. An officer can"
        " explain. You may also go on."
    ),
    topic="minor",
    when=ADULT.is_("no"),
)
PURPOSE = Choice(
    name="purpose",
    label=button("Purpose"),
    text=_("What would you like to do in Kazakhstan?"),
    among=(
        Option("move", row("Move there to live")),
        Option("study", row("Study")),
        Option("work", row("Work")),
        Option("business", row("Do business")),
        Option("information", row("Only be informed")),
    ),
)
CITIZENSHIP = CountryQuestion(
    name="citizenship",
    label=button("Citizenship"),
    text=_("Which country are you a citizen of? Press a button or write its name."),
    offered=ORIGINS,
    others=(Option("stateless", row("No citizenship")),),
)
LOCATION = Choice(
    name="location",
    label=button("Where you are"),
    text=_("Where are you now? A rough answer is enough, and it is not kept."),
    among=(
        Option("origin", row("Country of citizenship")),
        Option("kazakhstan", row("In Kazakhstan")),
        Option("elsewhere", row("Another country")),
        Option("unsaid", row("Rather not say")),
    ),
    typed_as=Places("KZ", inside="kazakhstan", outside=("origin", "elsewhere")),
    persisted=False,
)
STAY = YesNo(
    name="stay_ends",
    label=button("Stay ends soon"),
    text=_("Does your visa or permitted stay end within 30 days?"),
    among=YES_NO_UNSURE,
    when=LOCATION.is_("kazakhstan"),
    persisted=False,
    by_position=False,
    within_days=30,
)
STAY_ENDS = HandoffOffer(
    name="gate_stay",
    label=button("Stay ends soon"),
    text=_(
        "Does your stay end soon, or are you not sure? Please talk to an officer first. Your"
        " registration can wait."
    ),
    topic="stay_ends",
    when=STAY.is_("yes", "unsure"),
)
PASSPORT = Choice(
    name="passport",
    label=button("Passport validity"),
    text=_("How long is your passport still valid?"),
    among=(
        Option("long", row("Over 6 months")),
        Option("short", row("1 to 6 months")),
        Option("very_short", row("Under 1 month")),
        Option("expired", row("Already expired")),
        Option("none", row("I have no passport")),
    ),
    rev=2,
    typed_as=Periods(((29, "very_short"), (180, "short"), (3_600, "long"))),
    persisted=False,
    by_position=False,
)
PASSPORT_ENDS = HandoffOffer(
    name="gate_passport",
    label=button("Passport validity"),
    text=_(
        "Without a passport, or with one that runs out soon, other steps can stop. An officer can"
        " tell you what to do first. Please do not give up any citizenship until Kazakhstan's"
        " migration service asks for it in writing."
    ),
    topic="passport",
    when=PASSPORT.is_("short", "very_short", "expired", "none"),
)
FORMER = YesNo(
    name="former_citizen",
    label=button("Former citizen"),
    text=_("Were you ever a citizen of Kazakhstan?"),
    among=YES_NO_UNSURE,
    persisted=False,
)
FORMER_CITIZEN = HandoffOffer(
    name="gate_former",
    label=button("Former citizen"),
    text=_("For former citizens other rules may apply. The authorities decide this, not the form."),
    topic="former_citizen",
    when=FORMER.is_("yes", "unsure"),
)
PAPERS = YesNo(
    name="ethnicity_papers",
    label=button("Ethnicity in papers"),
    text=_("Does any of your papers state that you are Kazakh by ethnicity?"),
    among=YES_NO_UNSURE,
    persisted=False,
)
NO_PAPERS = HandoffOffer(
    name="gate_papers",
    label=button("Ethnicity in papers"),
    text=_(
        "If no paper says that you are Kazakh, a commission can consider your case. An "
        "officer can explain what to do. Do not pay anyone to prove it for you."
    ),
    topic="no_papers",
    when=PAPERS.is_("no", "unsure"),
)
TROUBLE = Choice(
    name="trouble",
    label=button("Urgent matters"),
    text=_("Does any of this apply to you?"),
    among=(
        Option("none", row("None of these")),
        Option("refusal", row("I received a refusal")),
        Option("gave_up", row("I gave up citizenship")),
        Option("child_papers", row("Child has no papers")),
        Option("unsafe_papers", row("Unsafe to get papers")),
        Option("money", row("Someone asks for money")),
        Option("danger", row("I may be in danger")),
    ),
    persisted=False,
)
IN_TROUBLE = HandoffOffer(
    name="gate_trouble",
    label=button("Urgent matters"),
    text=_(
        "In this situation it is better to talk to an officer than to fill in a form. Never "
        "go back to a place where you are not safe to get a paper."
    ),
    topic="trouble",
    when=TROUBLE.is_("refusal", "gave_up", "child_papers", "unsafe_papers", "money", "danger"),
)

RISK = Notice(
    name="risk",
    label=button("Please note"),
    text=_(
        "Before the personal questions, please note. The messenger's owner can read what is "
        "written here. A phone can be checked. Is contact with foreign bodies dangerous where "
        "you are? Then do not register here. You can read everything, or go to a mission of "
        "Kazakhstan once you are in a safe country. A relative cannot register you without "
        "your consent. We send nothing to the authorities of another state. We do not know to whom "
        "the registry shows its data. “{about}” says who runs this assistant.",
        about=labels.ABOUT,
    ),
)
CONSENT = Consent(
    name="consent_registration",
    label=button("Consent"),
    purpose="registration",
    text=_(
        "May we keep your answers and send them to the registry of ethnic Kazakhs abroad?\n"
        "• What: citizenship, purpose, name, year of birth, country and region, plans, the "
        "support that would help, family members by relation and age group, how to reach you.\n"
        "• Why: so that the registry can note you and answer.\n"
        "• Who gets it: the operator of this assistant and the registry. The messenger and "
        "the server's host carry it, also across borders.\n"
        "• How long: unfinished answers {days} days. Sent answers are deleted here within "
        "{hours} hours after the registry accepts them. Answers that the registry passes on to an "
        "office, or does not accept, are kept for at most {months} months. The registration number "
        "is kept for {months} months.\n"
        "• Nothing is published. Write “delete” at any time to withdraw.\n"
        "• If you do not agree, nothing is kept and you can go on asking.",
        days=lifetimes.DRAFT_DAYS,
        hours=lifetimes.ANSWERS_HOURS,
        months=lifetimes.SUBMISSION_MONTHS,
    ),
)
