"""Texts of the console about help, shortcut keys, labels of cases, saved views, handing over."""

from flows.engine.text import Text, _, button

KEYS: dict[str, Text] = {
    "manual": button("Help"),
    # Translators: describes a picture of a page of the console for people who do not see it.
    "manual_picture": _("The page “{page}”"),
    # Translators: heading above a list of keys of the keyboard and their effects.
    "help_title": _("Keys"),
    "help_writing": _(
        "While you write, they do nothing. With {key} they always work. In an empty answer, /"
        " opens the ready answers."
    ),
    "help_single": _("Keys work without {key}"),
    "key_next": _("Next case of the list"),
    "key_previous": _("Previous case of the list"),
    "key_open": _("Open the case"),
    "key_take": _("Take the most urgent case"),
    "key_reply": _("Write an answer"),
    "key_canned": _("Find a ready answer"),
    "key_note": _("Write a note"),
    "key_resolve": _("To the end of the case"),
    "key_inbox": _("To the inbox"),
    "key_help": _("This help"),
    "key_send": _("Send what is being written"),
}

MARKING: dict[str, Text] = {
    # Translators: a heading above the urgency and the labels of a case, set by hand.
    "marks": _("Marks"),
    # Translators: heading: labels, which are short names by which officers sort cases.
    "labels": _("Labels"),
    # Translators: a short name by which officers sort cases.
    "label": button("Label"),
    "labels_edit": button("Labels of cases"),
    "labels_hint": _(
        "Officers choose from these names. Do not name people in them. A case keeps a label that is"
        " removed here."
    ),
    "label_new": _("New label"),
    "call_back": button("Call back"),
    "call_back_hint": _(
        "The case stays in the list “To call back” even after the chosen time. The case leaves"
        " the list when you press “Called back” or somebody closes it. Agree on the number in the"
        " chat; it is stored nowhere else."
    ),
    "called_back": button("Called back"),
    "call_back_at": _("call at {time}"),
    # Translators: filters of the inbox that an officer saved under a name.
    "views": _("Saved views"),
    "view_name": _("Name for this view"),
    "view_save": button("Save this view"),
    "view_remove": _("Remove the view {name}"),
    "pick": _("Choose case {number}"),
    "bulk": button("Hand over"),
    "bulk_to": _("The chosen cases to"),
    "bulk_none": _("Choose at least one case, and who gets it."),
    "bulk_done": _("Handed over: {count}."),
    "bulk_kept": _("Not handed over, because they are not yours or have changed: {count}."),
    "bulk_refused": _("Not handed over, because this colleague can't take them: {count}."),
    # Translators: the title of a ready answer.
    "canned_title": _("Title"),
    "facts_insert": button("Insert a fact"),
    "facts_search": _("Find a fact by its words"),
    "facts_found": _("Facts that may be said, with their source"),
    "withheld": _("Known, but not said"),
    "withheld_hint": _(
        "The assistant says none of this, since it is dangerous to say or sources contradict each"
        " other. Do not copy it into a reply."
    ),
    "withheld_verified": _("verified, for officers only"),
    "withheld_unverified": _("not verified: sources are missing or contradict each other"),
}

# Topics of cases that Kosh opens by itself; officers cannot choose these.
OWN_TOPICS: dict[str, Text] = {
    "registry_refused": _("Refused by the registry"),
    "registry_question": _("Question of the registry"),
    "registry_duplicate": _("Registered twice, says the registry"),
    "same_details": _("Same details twice"),
}
