"""Pre-registration: questions on who comes, from where, with whom, and how to reach them.

Questions that decide the way are asked before consent, and their answers are not stored. Questions
that the registry needs are asked after it. The fields are tiers 0 and 1 of the domain's field list.
Never asked: document numbers, health, views, stories, exact addresses, names of other adults.
"""

from datetime import date

from flows import lifetimes
from flows.engine import labels
from flows.engine.conditions import Answers
from flows.engine.flow import (
    Consent,
    Derived,
    Flow,
    HandoffOffer,
    Notice,
    Outcome,
    RepeatingGroup,
    Review,
    Submit,
)
from flows.engine.language_protocol import Letters
from flows.engine.questions import (
    NO,
    UNSURE,
    YES,
    Choice,
    CountryQuestion,
    FreeText,
    Option,
    PersonName,
    Phone,
    Year,
    YesNo,
)
from flows.engine.text import Text, _, button, row
from flows.knowledge.contacts import CONTACTS
from flows.knowledge.facts import said
from flows.knowledge.origins import ORIGINS, origin
from flows.knowledge.regions import REGIONS
from flows.missions import missions

YES_NO_UNSURE = (YES, NO, UNSURE)

# Before consent: questions that decide the way

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
    when=APPLYING.is_("other"),
)
ADULT = YesNo(
    name="adult",
    label=button("18 or older"),
    text=_("Are you 18 or older?"),
    persisted=False,
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
    persisted=False,
)
STAY = YesNo(
    name="stay_ends",
    label=button("Stay ends soon"),
    text=_("Does your visa or permitted stay end within 30 days?"),
    among=YES_NO_UNSURE,
    when=LOCATION.is_("kazakhstan"),
    persisted=False,
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
        Option("none", row("I have no passport")),
    ),
    persisted=False,
)
PASSPORT_ENDS = HandoffOffer(
    name="gate_passport",
    label=button("Passport validity"),
    text=_(
        "Without a passport, or with one that runs out soon, other steps can stop. An officer can"
        " tell you what to do first. Please do not give up any citizenship before the migration"
        " service tells you to."
    ),
    topic="passport",
    when=PASSPORT.is_("short", "very_short", "none"),
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

# Risk, and consent

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
        "• What: citizenship, purpose, name, year of birth, country and region, plans, family "
        "members by relation and age group, how to reach you.\n"
        "• Why: so that the registry can note you and answer.\n"
        "• Who gets it: the operator of this assistant and the registry. The messenger and "
        "the server's host carry it, also across borders.\n"
        "• How long: unfinished answers {days} days; sent answers are deleted here within "
        "{hours} hours after the registry accepts them; the registration number is kept for "
        "{months} months.\n"
        "• Nothing is published. Write “delete” at any time to withdraw.\n"
        "• If you do not agree, nothing is kept and you can go on asking.",
        days=lifetimes.DRAFT_DAYS,
        hours=lifetimes.ANSWERS_HOURS,
        months=lifetimes.SUBMISSION_MONTHS,
    ),
)

# After consent: questions for the registry

KAZAKH = YesNo(
    name="ethnic_kazakh",
    label=button("Ethnic Kazakh"),
    text=_("Are you an ethnic Kazakh? You do not need a document to answer."),
    among=YES_NO_UNSURE,
)
NOT_KAZAKH = HandoffOffer(
    name="gate_kazakh",
    label=button("Ethnic Kazakh"),
    text=_(
        "The registry is meant for ethnic Kazakhs and their families. An officer can look at your"
        " case. You may also go on."
    ),
    topic="general",
    when=KAZAKH.is_("no", "unsure"),
)
SURNAME = PersonName(
    name="surname",
    label=button("Surname"),
    text=_("Your surname in Latin letters, as in your passport?"),
    help=_(
        "Copy it letter by letter from the passport. If the passport has only one name, write it"
        " here and skip the given name."
    ),
    letters=Letters.LATIN,
    sensitive=True,
)
GIVEN_NAME = PersonName(
    name="given_name",
    label=button("Given name"),
    text=_("Your given name in Latin letters, as in your passport?"),
    letters=Letters.LATIN,
    sensitive=True,
    skippable=True,
)
PATRONYMIC = PersonName(
    name="patronymic",
    label=button("Patronymic"),
    text=_(
        "Your patronymic, as in your passport? If there is none, press “{skip}”.", skip=labels.SKIP
    ),
    sensitive=True,
    skippable=True,
)
NAME_KK = PersonName(
    name="name_kk",
    label=button("Name in Kazakh"),
    text=_("How do you write your full name in Kazakh? Any script. You may skip this."),
    sensitive=True,
    skippable=True,
)
BIRTH_YEAR = Year(
    name="birth_year",
    label=button("Year of birth"),
    text=_("In which year were you born? Only the year is kept."),
)
RESIDENCE = CountryQuestion(
    name="residence_country",
    label=button("Country you live in"),
    text=_("Which country do you live in? Press a button or write its name."),
    offered=(*ORIGINS, "KZ"),
)
RESIDENCE_REGION = FreeText(
    name="residence_region",
    label=button("Region you live in"),
    text=_("Which region or province? Only the name of the region. You may skip this."),
    help=_(
        "The region helps to find the right mission. If naming the region feels unsafe, skip it."
    ),
    depends=("residence_country",),
    skippable=True,
    resembles=("support.regions", "where.mission", "where.office", "where.fund"),
    maximum=100,
)
TARGET_REGION = Choice(
    name="target_region",
    label=button("Wanted region"),
    text=_("Where in Kazakhstan would you like to live?"),
    among=(
        Option("undecided", row("Not decided")),
        *(Option(region.key, region.name) for region in REGIONS),
    ),
    when=PURPOSE.is_("move", "work", "business", "study"),
)
TIMEFRAME = Choice(
    name="timeframe",
    label=button("When"),
    text=_("When would you like to come, roughly?"),
    among=(
        Option("half_year", row("Within 6 months")),
        Option("year", row("Within a year")),
        Option("later", row("Later")),
        Option("undecided", row("Not decided")),
    ),
    when=PURPOSE.is_("move", "work", "business", "study"),
)
EDUCATION = Choice(
    name="education",
    label=button("Education"),
    text=_("What education do you have?"),
    among=(
        Option("higher", row("Higher")),
        Option("vocational", row("Vocational")),
        Option("secondary", row("School")),
        Option("other", row("Other or none")),
    ),
    skippable=True,
)
OCCUPATION = Choice(
    name="occupation",
    label=button("Occupation"),
    text=_("What work do you do, or did you do last?"),
    among=(
        Option("agriculture", row("Farming, livestock")),
        Option("construction", row("Construction")),
        Option("trade", row("Trade, services")),
        Option("education", row("Teaching, science")),
        Option("health", row("Health care")),
        Option("engineering", row("Engineering, industry")),
        Option("it", row("Computers")),
        Option("transport", row("Transport")),
        Option("culture", row("Culture, crafts")),
        Option("other", row("Something else")),
        Option("none", row("Not working")),
    ),
    skippable=True,
)
KAZAKH_LEVEL = Choice(
    name="kazakh_level",
    label=button("Kazakh language"),
    text=_("How well do you know Kazakh?"),
    among=(
        Option("speaks", row("I speak it")),
        Option("reads_cyrillic", row("I read Cyrillic")),
        Option("reads_arabic", row("I read Arabic script")),
        Option("reads_both", row("I read both scripts")),
        Option("little", row("A little")),
    ),
    skippable=True,
)

RELATIONS = (
    Option("spouse", row("Husband or wife")),
    Option("child", row("Child")),
    Option("parent", row("Parent")),
    Option("other", row("Other relative")),
)
AGE_BANDS = (
    Option("under14", row("0–13 years")),
    Option("14to15", row("14–15 years")),
    Option("16to17", row("16–17 years")),
    Option("adult", row("18 or older")),
)
RELATION = Choice(
    name="relation",
    label=button("Relation"),
    text=_("Who is this to you?"),
    among=RELATIONS,
)
AGE_BAND = Choice(
    name="age_band",
    label=button("Age group"),
    text=_("How old is this person?"),
    among=AGE_BANDS,
)
SPOUSE_KAZAKH = YesNo(
    name="member_kazakh",
    label=button("Ethnic Kazakh"),
    text=_("Is this person an ethnic Kazakh?"),
    among=YES_NO_UNSURE,
    when=RELATION.is_("spouse"),
)
SPOUSE_NOT_KAZAKH = HandoffOffer(
    name="gate_spouse",
    label=button("My spouse"),
    text=_(
        "For a husband or wife who is not Kazakh other rules apply. An officer can explain. You may"
        " also go on."
    ),
    topic="spouse",
    when=SPOUSE_KAZAKH.is_("no", "unsure"),
)


def _named(options: tuple[Option, ...], key: str | None) -> Text:
    label = next((option.label for option in options if option.key == key), None)
    # Translators: one member of the family in a form.
    return label if isinstance(label, Text) else _("Person")


def member(answers: Answers) -> Text:
    """Return a family member in one line, without a name."""
    relation = _named(RELATIONS, answers.get("relation"))
    age = _named(AGE_BANDS, answers.get("age_band"))
    return _("{relation}, {age}", relation=relation, age=age)


FAMILY = RepeatingGroup(
    name="family",
    label=button("Family"),
    text=_("Who comes with you? Add each person. We ask no names: each adult agrees personally."),
    items=(RELATION, AGE_BAND, SPOUSE_KAZAKH, SPOUSE_NOT_KAZAKH),
    describe=member,
    when=APPLYING.is_("family"),
)
CONTACT = Choice(
    name="contact",
    label=button("How to reach you"),
    text=_("How may an officer reach you?"),
    among=(
        Option("self", row("I will come back here")),
        Option("chat", row("In this chat")),
        Option("phone", row("By phone")),
    ),
)
PHONE = Phone(
    name="phone",
    label=button("Phone"),
    text=_("Your phone number, with the country code?"),
    when=CONTACT.is_("phone"),
    sensitive=True,
)
WRITE_FIRST = YesNo(
    name="write_first",
    label=button("May we write first"),
    text=_(
        "May we write to you first, for example when the status changes? If not, you look it"
        " up here"
        " yourself."
    ),
)
REVIEW = Review(
    name="review",
    label=button("Review"),
    text=_("Please check. Is everything right? You can change each answer before it is sent."),
)

PROGRAMMES = {"move": "kandas_status", "information": "registry_preregistration"}


def programme(answers: Answers) -> str:
    """Return the programme for the person's purpose; for other purposes, the Ata Zholy card."""
    return PROGRAMMES.get(answers.get("purpose") or "", "ata_zholy")


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome((), (answers,))


NOT_KEPT = _("These answers were not kept. You can go on asking, or turn to these directly:")


def declined(answers: Answers, today: date) -> tuple[Text, ...]:
    """Return where to turn instead.

    Missions are named only if the person is in the country of citizenship and it is not dangerous.
    """
    country = answers.get("citizenship") or ""
    there = answers.get("location") == "origin" and len(country) == 2
    near = missions(country, today) if there and not origin(country).dangerous else ()
    return (NOT_KEPT, *near, *said(CONTACTS, today))


NOT_OPEN = _(
    "Registration is closed here at the moment. Nothing was kept. You can read what is known, "
    "or talk to a person."
)

CLOSED = Flow(
    name="preregistration",
    title=button("Pre-register"),
    items=(),
    outcome=lambda answers, today: Outcome((NOT_OPEN, *said(CONTACTS, today))),
)
"""Replaces the flow while no registry is available."""

PREREGISTRATION = Flow(
    name="preregistration",
    title=button("Pre-register"),
    items=(
        APPLYING,
        OTHER_PERSON,
        ADULT,
        MINOR,
        PURPOSE,
        CITIZENSHIP,
        LOCATION,
        STAY,
        STAY_ENDS,
        PASSPORT,
        PASSPORT_ENDS,
        FORMER,
        FORMER_CITIZEN,
        PAPERS,
        NO_PAPERS,
        TROUBLE,
        IN_TROUBLE,
        RISK,
        CONSENT,
        KAZAKH,
        NOT_KAZAKH,
        SURNAME,
        GIVEN_NAME,
        PATRONYMIC,
        NAME_KK,
        BIRTH_YEAR,
        RESIDENCE,
        RESIDENCE_REGION,
        TARGET_REGION,
        TIMEFRAME,
        EDUCATION,
        OCCUPATION,
        KAZAKH_LEVEL,
        FAMILY,
        CONTACT,
        PHONE,
        WRITE_FIRST,
        Derived("programme", programme, reads=("purpose",)),
        REVIEW,
    ),
    outcome=outcome,
    declined=declined,
    registers=True,
)
