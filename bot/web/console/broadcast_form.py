"""The form of the announcement's editor: its fields, and what a refused form still shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from bot.broadcasts import Draft, Rule
from bot.broadcasts.model import QUIET_FROM, QUIET_UNTIL
from bot.web.console import labels
from bot.web.console.broadcast_audience import bounds
from bot.web.console.forms import Checkbox, Codes, Line, VersionedForm
from bot.web.console.labels_broadcasts import PURPOSES
from bot.web.console.request_context import RequestContext
from flows.knowledge.topics import TOPICS

# Fields whose name begins with one of these keep their input if the session ends before the form is
# saved.
KEEP: Final = ("why", "text_", "template_", "not_", "quiet_", *Rule.__struct_fields__)


class StepForm(VersionedForm):
    """The fields of the forms of all steps of the announcement's editor.

    Texts arrive in fields named `text_<language>`, names of WhatsApp templates in
    `template_<language>`.
    """

    model_config = ConfigDict(extra="allow")

    stay: Checkbox = False
    purpose: str = ""
    topic: str = ""
    why: Line = ""
    languages: Codes = ()
    channels: Codes = ()
    countries: Codes = ()
    programmes: Codes = ()
    regions: Codes = ()
    lists: Codes = ()
    registration: Codes = ()
    missions: Codes = ()
    not_before: Line = ""
    not_later_than: Line = ""
    quiet_from: str = ""
    quiet_until: str = ""
    any_hour: Checkbox = False
    paid: Checkbox = False

    def text(self, name: str) -> str:
        """Return the text of the extra form field `name`, with LF as line ends."""
        return str((self.model_extra or {}).get(name, "")).replace("\r\n", "\n").strip()


@dataclass(frozen=True, slots=True)
class Times:
    """The values of the fields of the step "time", as stored or as posted."""

    not_before: str
    not_later_than: str
    quiet_from: str
    quiet_until: str
    any_hour: bool
    paid: bool

    @classmethod
    def stored(cls, draft: Draft, zone: ZoneInfo) -> Self:
        opens, closes = draft.quiet or (QUIET_FROM, QUIET_UNTIL)
        return cls(
            local_time(draft.not_before, zone),
            local_time(draft.not_later_than, zone),
            f"{opens:%H:%M}",
            f"{closes:%H:%M}",
            draft.quiet is None,
            draft.paid,
        )

    @classmethod
    def posted(cls, form: StepForm) -> Self:
        return cls(form.not_before, form.not_later_than, form.quiet_from, form.quiet_until,
                   form.any_hour, form.paid)  # fmt: skip


def local_time(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return the value of a field for date and time; "" for None."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" if moment else ""


def differences(context: RequestContext, step: str, own: Draft, stored: Draft) -> str:
    """Return the officer's own values of a step that differ from the stored ones, one a line.

    Texts are not included, because the page of the step "text" shows them beside the stored ones.
    """
    now = dict(_values(context, step, stored))
    typed = _values(context, step, own)
    return "\n".join(f"{name}: {value or '—'}" for name, value in typed if value != now[name])


def _values(context: RequestContext, step: str, draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield label and value of each field of a step, except the announcement's texts."""
    t = labels.Wording(context.rt.languages, context.language)
    if step == "purpose":
        topics = {each.key: context.say(each.name) for each in TOPICS}
        yield t.purpose_title, context.say(PURPOSES[draft.purpose])
        yield t.news_topic, topics.get(draft.topic, "")
        yield t.why_sent, draft.why
    elif step == "audience":
        yield from ((each.title, each.values) for each in bounds(context, draft.rule))
    elif step == "text":
        for code, own in context.rt.languages.languages():
            words = draft.texts.get(code)
            yield f"{t.template}, {own}", words.template if words else ""
    elif step == "time":
        times = Times.stored(draft, context.zone)
        yield t.not_before, times.not_before.replace("T", " ")
        yield t.not_later, times.not_later_than.replace("T", " ")
        quiet = f"{times.quiet_from} – {times.quiet_until}"
        yield t.quiet_from, t.any_hour if times.any_hour else quiet
        yield t.paid, "✓" if times.paid else ""
