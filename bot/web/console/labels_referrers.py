"""Texts of the page with organisations that refer people."""

from flows.engine.text import Text, _, button

REFERRERS: dict[str, Text] = {
    # Translators: organisations that invite people to the assistant.
    "referrers": button("Referrers"),
    "referrers_hint": _(
        "Embassies, the fund and associations can invite people. Each sees only how many"
        " people registered, once a day, and no small number."
    ),
    "referrer_new": button("New invitation"),
    "referrer_name": _("Name of the organisation"),
    "referrer_name_hint": _("People read it. Please write no name of a person."),
    "referrer_bad_name": _("Write a name of at most 80 characters."),
    # Translators: the secret address on which an organisation reads its count.
    "referrer_page": _("The organisation's own page"),
    "referrer_page_hint": _(
        "Give this address to the organisation only: each person who has it sees the count. Kosh"
        " shows it once."
    ),
    "referrer_share": _("Addresses to share"),
    # Translators: a page to print, with a QR code.
    "referrer_poster": button("Poster"),
    "referrer_renew": button("New page address"),
    # Translators: a button that ends an organisation's invitation.
    "referrer_end": button("End it"),
    "referrer_until": _("Valid until"),
    # Translators: label of the number of people who registered after an organisation's invitation.
    "referrer_count": _("Registered"),
    # Translators: a mark on an organisation's invitation that has ended.
    "referrer_over": _("has ended"),
    "done_referrer_ended": _("The invitation has ended."),
}
