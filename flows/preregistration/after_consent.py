"""Pre-registration after the consent: questions whose answers the registry needs.

The questions are tiers 0 and 1 of the fields in docs/decisions/0002-few-fields.md.
"""

from collections.abc import Sequence

from flows.engine import labels
from flows.engine.conditions import Answers
from flows.engine.flow import HandoffOffer, RepeatingGroup
from flows.engine.language_protocol import Letters
from flows.engine.options import AgeGroups, Option, Periods
from flows.engine.questions import Choice, CountryQuestion, FreeText, PersonName, Phone, Year, YesNo
from flows.engine.text import Text, _, button, row
from flows.knowledge.origins import ORIGINS
from flows.knowledge.regions import REGIONS
from flows.preregistration.before_consent import APPLYING, PURPOSE, YES_NO_UNSURE

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
DETAILS = YesNo(
    name="details",
    label=button("More about you"),
    text=_(
        "Would you like to add more about yourself? Patronymic, name in Kazakh, region, education,"
        " work, knowledge of Kazakh, support needed. These answers help the registry to plan. Your"
        " registration is complete without them, too."
    ),
)
"""One question instead of seven skips for a person who adds none of the optional answers."""
ADDS_DETAILS = DETAILS.is_("yes")
PATRONYMIC = PersonName(
    name="patronymic",
    label=button("Patronymic"),
    text=_(
        "Your patronymic, as in your passport? If there is none, press “{skip}”.", skip=labels.SKIP
    ),
    sensitive=True,
    skippable=True,
    when=ADDS_DETAILS,
)
NAME_KK = PersonName(
    name="name_kk",
    label=button("Name in Kazakh"),
    text=_("How do you write your full name in Kazakh? Any script. You may skip this."),
    sensitive=True,
    skippable=True,
    when=ADDS_DETAILS,
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
    when=ADDS_DETAILS,
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
    typed_as=Periods(((180, "half_year"), (360, "year"), (3_600, "later"))),
    when=PURPOSE.is_("move", "work", "business", "study"),
    by_position=False,
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
    when=ADDS_DETAILS,
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
    when=ADDS_DETAILS,
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
    when=ADDS_DETAILS,
    # People may answer with a school mark, of which 5 is the best.
    by_position=False,
)
SUPPORT_NEEDED = Choice(
    name="support_needed",
    label=button("Support needed"),
    text=_(
        "Which support would help you most in Kazakhstan? The answer goes to the registry with your"
        " registration. The answer may help to plan support. An answer gives no right to support."
        " You may skip this question."
    ),
    among=(
        Option("housing", row("Housing")),
        Option("work", row("Finding work")),
        Option("school", row("School or kindergarten")),
        Option("language", row("Kazakh or Russian")),
        Option("health", row("Medical care")),
        Option("documents", row("Documents and papers")),
        Option("other", row("Other help or none")),
    ),
    skippable=True,
    when=ADDS_DETAILS,
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
    typed_as=AgeGroups((0, 14, 16, 18)),
    by_position=False,
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
    """Return a line that describes a family member without the member's name."""
    relation = _named(RELATIONS, answers.get("relation"))
    age = _named(AGE_BANDS, answers.get("age_band"))
    return _("{relation}, {age}", relation=relation, age=age)


# Translators: {member} is a line such as "Husband or wife, 0–13 years".
CHECK_MEMBER = _(
    "Please check no. {number}: {member}. If this is wrong, remove this person and add the person"
    " again."
)
CHECK_SPOUSES = _(
    "Please check: the list has more than one husband or wife. If this is wrong, remove one of"
    " them."
)


def check_members(members: Sequence[Answers]) -> tuple[Text, ...]:
    """Return sentences that ask to check a husband or wife under 18, and a second one.

    Both happen by mistake if the first button is pressed twice. The sentences forbid nothing.
    """
    spouses = [number for number, each in enumerate(members) if each.get("relation") == "spouse"]
    young = [number for number in spouses if members[number].get("age_band") != "adult"]
    lines = tuple(
        _(CHECK_MEMBER.msgid, number=number + 1, member=member(members[number])) for number in young
    )
    return (*lines, CHECK_SPOUSES) if len(spouses) > 1 else lines


FAMILY = RepeatingGroup(
    name="family",
    label=button("Family"),
    text=_("Who comes with you? Add each person. We ask no names: each adult agrees personally."),
    items=(RELATION, AGE_BAND, SPOUSE_KAZAKH, SPOUSE_NOT_KAZAKH),
    describe=member,
    check=check_members,
    when=APPLYING.is_("family"),
    by_position=False,
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
        "May we write to you first, for example when the status changes? If you say no, we write"
        " only once, when the registry responds. After that, please look up the status here."
    ),
)
