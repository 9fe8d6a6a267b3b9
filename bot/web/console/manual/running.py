"""Sections of the officers' manual for leads, administrators and auditors.

The last section, about an officer's own account, is for all officers.
"""

from bot.web.console.labels import FRAME
from bot.web.console.labels_bursts import BURSTS
from bot.web.console.labels_common import RUNNING
from bot.web.console.labels_limits import LIMITS
from bot.web.console.labels_notifications import NOTIFYING
from bot.web.console.labels_planning import PLANNING
from bot.web.console.labels_referrers import REFERRERS
from bot.web.console.labels_webhooks import WEBHOOKS
from bot.web.console.manual.section import Section
from flows.engine.text import _

RIGHT_NOW = Section(
    "now",
    FRAME["now"],
    (_("Leads see the team here: how many cases each officer has, and how long people wait."),),
)

STATISTICS = Section(
    "statistics",
    FRAME["statistics"],
    (
        RUNNING["few_hint"],
        RUNNING["in_time_hint"],
        _(
            "“{in_time}” shows any period of up to a year. The files for a spreadsheet contain the"
            " same rows, without people.",
            in_time=RUNNING["in_time"],
        ),
    ),
    buttons={RUNNING["as_table"]: _("Shows a picture's numbers as a table.")},
)

PLANNING_PAGE = Section(
    "planning",
    PLANNING["planning"],
    (
        PLANNING["planning_hint"],
        PLANNING["planning_hidden_hint"],
        _(
            "Please do not subtract the numbers of one day from those of another. The registry"
            " changes a number only after several people."
        ),
        PLANNING["planning_noted"],
    ),
    buttons={PLANNING["planning_show"]: _("Counts people by what is chosen beside it.")},
)

THE_REFERRERS = Section(
    "referrers",
    REFERRERS["referrers"],
    (
        REFERRERS["referrers_hint"],
        _(
            "A person who opens an invitation reads which organisation it is from, and chooses"
            " whether to be counted. The organisation learns nothing else."
        ),
        _("An invitation is valid for a year. 30 days after its end it is deleted."),
    ),
    buttons={
        REFERRERS["referrer_new"]: REFERRERS["referrer_page_hint"],
        REFERRERS["referrer_share"]: _(
            "Shows the addresses, a square for the camera and a poster to print."
        ),
        REFERRERS["referrer_renew"]: _("Gives a new page address. The earlier one stops working."),
        REFERRERS["referrer_end"]: _("Ends the invitation today. Nobody is counted any more."),
    },
)

THE_BURSTS = Section(
    "bursts",
    BURSTS["bursts"],
    (BURSTS["bursts_hint"], BURSTS["burst_sources_hint"]),
    buttons={
        BURSTS["burst_close"]: BURSTS["burst_close_hint"],
        BURSTS["burst_reopen"]: _("Returns the cases to the queue for 7 days after the closing."),
    },
)

THE_LIMITS = Section(
    "limits",
    LIMITS["limits"],
    (LIMITS["limits_hint"],),
    buttons={
        LIMITS["limit_lift"]: _("Ends the limit at once. The person can write to officers again."),
        LIMITS["limit_keep"]: _("Leaves the limit until its last day."),
    },
)

OTHER_SYSTEMS = Section(
    "webhooks",
    WEBHOOKS["webhooks"],
    (
        WEBHOOKS["webhooks_hint"],
        _(
            "Kosh tries for about three days to deliver a message. Then the message is on this"
            " page for 30 days."
        ),
    ),
    buttons={
        WEBHOOKS["webhook_again"]: _("Tries to deliver this message again."),
        WEBHOOKS["webhook_all_again"]: _("Tries to deliver all messages of this system again."),
        WEBHOOKS["webhook_enable"]: _(
            "Sends messages to this system again. Please ask its operator first."
        ),
    },
)

HOURS = Section(
    "hours",
    FRAME["hours"],
    (
        _("By these hours the console counts when a case is late. Leads change them."),
        RUNNING["closes_hint"],
        RUNNING["gives_hint"],
    ),
)

OFFICERS = Section(
    "officers",
    FRAME["officers"],
    (
        _("Administrators add officers here and choose their roles, languages and topics."),
        _("Another administrator must change your own rights."),
    ),
    buttons={
        RUNNING["officer_new"]: RUNNING["invite_hint"],
        FRAME["change"]: _("Opens the roles, languages and topics of an officer."),
        RUNNING["invite"]: _(
            "Makes a link for a new sign-in, for example after a lost phone. Old passkeys end when"
            " the link is used."
        ),
        RUNNING["tie"]: _("Lets the officer sign in with this work account."),
    },
)

EMERGENCY = Section(
    "break_glass",
    RUNNING["break_glass"],
    (RUNNING["break_glass_hint"],),
    buttons={
        RUNNING["break_glass_ask"]: _("Asks a second administrator to open the case."),
        RUNNING["break_glass_grant"]: _("Opens the case to your colleague for an hour."),
        RUNNING["break_glass_review"]: _("A lead confirms that they checked this access."),
    },
)

AUDIT = Section(
    "audit",
    FRAME["audit"],
    (
        _(
            "Auditors read here each step of each officer. The page checks that no entry was"
            " changed."
        ),
    ),
)

ACCOUNT = Section(
    "own",
    FRAME["own"],
    (NOTIFYING["notify_hint"], RUNNING["sessions_hint"], RUNNING["passkeys_hint"]),
    buttons={
        NOTIFYING["notify_here"]: _("Lets this browser show your notifications."),
        RUNNING["passkey_add"]: _(
            "Lets you sign in by fingerprint, by face or with a security key."
        ),
        RUNNING["remove"]: _("Deletes a passkey, or stops notifications in a browser."),
        RUNNING["end"]: _("Signs you out in that browser."),
        RUNNING["end_others"]: _("Signs you out everywhere but here."),
        FRAME["sign_out"]: _("Signs you out in this browser."),
    },
)

SECTIONS = (
    RIGHT_NOW,
    STATISTICS,
    PLANNING_PAGE,
    THE_REFERRERS,
    THE_BURSTS,
    THE_LIMITS,
    HOURS,
    OFFICERS,
    OTHER_SYSTEMS,
    EMERGENCY,
    AUDIT,
    ACCOUNT,
)
