"""Texts of the console about notifications and their settings."""

from collections.abc import Mapping

from flows.engine.text import Text, _, button

NOTIFYING: dict[str, Text] = {
    # Translators: a heading above settings: how an officer is notified of new cases and other
    # events.
    "notify": _("Notifications"),
    "notify_hint": _(
        "Notifications say how many cases or announcements wait. No notification contains a name or"
        " a word of a person."
    ),
    "notify_of": _("Notify me of"),
    "notify_email": _("E-mail address; none means no e-mail"),
    "notify_no_email": _("This installation sends no e-mail. An administrator can set it up."),
    "notify_quiet_from": _("Quiet from"),
    "notify_quiet_until": _("Quiet until"),
    "notify_digest": _("How often"),
    "notify_browsers": _("Browsers that show notifications"),
    "notify_here": button("Notify this browser"),
    "notify_refused": _(
        "The browser did not allow it. Allow notifications for this page in its settings."
    ),
    "notify_no_push": _(
        "This installation sends nothing to browsers. An administrator can set it up."
    ),
    "notify_sound": _("A sound when something comes while this page is in the background"),
    "notify_wrong": _("The address or the hours are not right. Nothing was saved."),
}
DIGESTS: Mapping[int, Text] = {
    0: _("at once"),
    15: _("together, every 15 minutes"),
    60: _("together, every hour"),
    240: _("together, every 4 hours"),
}
