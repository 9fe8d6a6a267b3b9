"""Texts of the console about limits on a person's messages to officers."""

from flows.engine.text import Text, _, button

LIMITS: dict[str, Text] = {
    # Translators: a menu entry: limits that officers set on the messages of rude people.
    "limits": button("Limits"),
    "limits_hint": _(
        "People whose messages to officers are limited. The assistant still answers them, and"
        " messages about danger always come through."
    ),
    "limits_decide": _("Decide about a limit on messages"),
    "limit": button("Limit messages"),
    "limit_title": _("Messages of this person"),
    "limit_hint": _(
        "For insults, threats, advertising or very many messages. The assistant tells the person"
        " the reason, the last day and how to appeal. The assistant still answers them, and danger"
        " always comes through. A block closes the case."
    ),
    "limit_per_day": _("How many messages to officers"),
    "limit_block": _("none: block"),
    "limit_a_day": _("{count} a day"),
    "limit_days": _("For how many days"),
    "limit_reason": _("Reason that the person reads"),
    "limit_until": _("Last day: {date}"),
    "limit_by": _("Set by {name}, {time}"),
    "limit_appeal": _("The person's appeal"),
    "limit_appealed": _("The person has appealed to the lead."),
    "limit_no_appeal": _("No appeal."),
    "limit_was_kept": _("A lead read the appeal and kept the limit."),
    "limit_lift": button("End the limit"),
    "limit_keep": button("Keep the limit"),
    "done_limited": _("The limit is set. The person was told."),
    "done_limit_lifted": _("The limit was ended."),
    "done_limit_kept": _("The limit was kept."),
}
LIMIT_REFUSALS: dict[str, Text] = {
    "no_limit": _("Choose how many messages, for how long, and the reason."),
    "danger": _(
        "This case is urgent or about danger, or it was before. Messages in it are never limited."
    ),
    "own_limit": _("You set this limit. Another lead of your team has to decide about it."),
}
