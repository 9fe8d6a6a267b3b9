"""Flow for subscribing to announcements: topics, consents, level of detail, and interests.

The flow does not ask where the person is. It asks which country, programme and region the
announcements should be about. These answers are deleted from the conversation when the flow ends.
"""

from datetime import date

from flows.engine import labels
from flows.engine.announcement_screens import SUBSCRIBED
from flows.engine.effects import Submit, Subscribe
from flows.engine.flow import Consent, Flow, Notice, Outcome
from flows.engine.options import Option
from flows.engine.questions import Choice, CountryQuestion, MultiChoice
from flows.engine.text import _, button, row
from flows.knowledge.origins import COMMON_ORIGINS
from flows.knowledge.programmes import PROGRAMMES
from flows.knowledge.regions import REGIONS
from flows.knowledge.topics import TOPICS
from flows.paragraphs import joined, lines

UNSAID = Option("unsaid", row("Rather not say"))

CHOSEN = MultiChoice(
    name="news_topics",
    label=button("Topics"),
    text=lines(
        _(
            "Which announcements would you like? Press those that you want, then “{that_is_all}”.",
            that_is_all=labels.THAT_IS_ALL,
        ),
        *(_("• {topic}: {about}", topic=each.name, about=each.about) for each in TOPICS),
    ),
    among=tuple(Option(each.key, each.name) for each in TOPICS),
)
RISK = Notice(
    name="news_risk",
    label=button("Please note"),
    text=_(
        "An announcement can come at any time and stays in your chat. Might somebody else "
        "look at your phone? Is contact with foreign bodies dangerous where you are? Then do "
        "not have announcements sent: read them here instead."
    ),
)
CONSENT = Consent(
    name="consent_announcements",
    label=button("Consent"),
    purpose="announcements",
    text=_(
        "May we write to you first, with announcements?\n"
        "• What we keep: the topics that you chose, your language, and where to write.\n"
        "• Why: to send you what you asked for, and nothing else.\n"
        "• Who: the operator of this assistant keeps it; the messenger carries the messages.\n"
        "• How long: until you stop them. Write “stop” at any time.\n"
        "• If you do not agree, nothing is kept; you can still read announcements here."
    ),
)
WAY = Choice(
    name="news_way",
    label=button("How we write"),
    text=_(
        "How should we write? A short notice says only: “There is a new message for you.” You "
        "open it when it suits you."
    ),
    among=(
        Option("hint", button("Short notice")),
        Option("whole", button("The whole text")),
    ),
)
CONSENT_TRAITS = Consent(
    name="consent_traits",
    label=button("Consent"),
    purpose="traits",
    optional=True,
    text=_(
        "May we also keep what announcements should be about?\n"
        "• What: a country, a programme and a region, each only if you like.\n"
        "• Why: some announcements are meant for one country, programme or region; without it"
        " those do not come to you.\n"
        "• How: as codes that can be counted, and not read back.\n"
        "• How long: until you stop the announcements.\n"
        "• If you do not agree, you get the other announcements of your topics all the same."
    ),
)
HAS_CONSENTED = CONSENT_TRAITS.is_("yes")
COUNTRY = CountryQuestion(
    name="news_country",
    label=button("Country"),
    text=_("Announcements for which country? Press a button or write its name."),
    offered=COMMON_ORIGINS,
    others=(UNSAID,),
    when=HAS_CONSENTED,
)
PROGRAMME = Choice(
    name="news_programme",
    label=button("Programme"),
    text=_("Announcements about which programme?"),
    among=(*(Option(each.key, each.name) for each in PROGRAMMES), UNSAID),
    when=HAS_CONSENTED,
)
REGION = Choice(
    name="news_region",
    label=button("Region"),
    text=_("Announcements about which region of Kazakhstan?"),
    among=(UNSAID, *(Option(each.key, each.name) for each in REGIONS)),
    when=HAS_CONSENTED,
)
TRAITS = {"country": COUNTRY, "programme": PROGRAMME, "region": REGION}
DONE = _("Done.")
WAY_OUT = _(
    "To change or to end it, choose “{announcements}” in the menu or write “stop”.",
    announcements=labels.ANNOUNCEMENTS,
)
NONE = _("No announcements will be sent. You can read them here at any time.")


def outcome(answers: Submit, today: date) -> Outcome:
    """Return the final text, and a `Subscribe` effect with the person's choices.

    The answers are deleted from the conversation when the flow ends, so only the effect contains
    them.
    """
    values = answers.answers
    topics = values[CHOSEN.name] or ""
    traits = {kind: values.get(item.name) or "unsaid" for kind, item in TRAITS.items()}
    subscribe = Subscribe(
        tuple(topics.split(",")),
        discreet=values[WAY.name] == "hint",
        traits={kind: value for kind, value in traits.items() if value != "unsaid"},
    )
    text = joined(DONE, _(SUBSCRIBED.msgid, topics=CHOSEN.show(topics)), WAY_OUT)
    return Outcome((text,), (subscribe,))


ANNOUNCEMENTS = Flow(
    name="announcements",
    title=labels.ANNOUNCEMENTS,
    items=(CHOSEN, RISK, CONSENT, WAY, CONSENT_TRAITS, COUNTRY, PROGRAMME, REGION),
    outcome=outcome,
    declined=lambda answers, today: (NONE,),
    announces=True,
)
