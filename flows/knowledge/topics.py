"""Topics of announcements that people can subscribe to."""

from dataclasses import dataclass

from flows.engine.text import Text, _, button


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of announcements; `about` describes it in one sentence."""

    key: str
    name: Text
    about: Text


TOPICS = (
    Topic(
        "rules",
        button("Programmes, rules"),
        _("Changed laws, programmes and papers."),
    ),
    Topic(
        "support",
        button("Support, quotas"),
        _("Quotas, payments and help with moving and settling."),
    ),
    Topic(
        "registration",
        button("Registration"),
        _("How the pre-registration and the registry work."),
    ),
    Topic(
        "events",
        button("Events of missions"),
        _("Meetings, consultations and visiting days of embassies and consulates."),
    ),
    Topic(
        "service",
        button("This assistant"),
        _("New things here, pauses, and warnings of fraud in its name."),
    ),
)


def topic(key: str) -> Topic:
    """Return the topic of announcements with the key `key`."""
    return next(each for each in TOPICS if each.key == key)
