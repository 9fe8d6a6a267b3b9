"""Texts of the page about other systems that receive events by webhook."""

from collections.abc import Mapping

from flows.engine.text import Text, _, button

WEBHOOKS: dict[str, Text] = {
    # Translators: a menu entry: computer systems that receive messages from this one.
    "webhooks": button("Other systems"),
    "webhooks_hint": _(
        "These systems get a message when something of theirs changes. The messages contain no"
        " personal data."
    ),
    # Translators: state of another computer system: it receives messages from this one.
    "webhook_on": _("receives messages"),
    # Translators: state of another computer system: it no longer receives messages.
    "webhook_off": _("switched off"),
    "webhook_gone": _("The system answered that it wants no more messages."),
    "webhook_failing": _("No message arrived for five days."),
    "webhook_success": _("Last message that arrived"),
    "webhook_since": _("Nothing has arrived since"),
    # Translators: the number of messages that could not be delivered.
    "webhook_dead": _("Not delivered: {count}"),
    "webhook_again": button("Send again"),
    "webhook_all_again": button("Send all again"),
    "webhook_enable": button("Switch on"),
    "webhook_enable_first": _("This system is switched off. Switch it on first."),
    "done_webhook_sent_again": _("Kosh sends the messages again."),
    "done_webhook_enabled": _("The system is switched on."),
}
# Reasons why an event could not be delivered. The page adds the HTTP status to the first text.
WEBHOOK_REASONS: Mapping[str, Text] = {
    "http": _("The system answered with an error."),
    "timeout": _("The system did not answer in time."),
    "connection": _("There was no connection."),
    "unresolved": _("The address was not found."),
    "address": _("The address is not public."),
    "forbidden": _("The system may no longer read this."),
    "disabled": _("The system was switched off."),
}
