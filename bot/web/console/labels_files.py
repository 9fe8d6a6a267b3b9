"""Texts of the console about files: those of a case, and the library of blank forms to send."""

from flows.engine.text import Text, _, button

FILES: dict[str, Text] = {
    # Translators: name of a file that an officer sends to a person, if the officer gives it no
    # name.
    "file": _("File"),
    # Translators: a button that opens the choice of a file to send to the person.
    "file_send": button("Send a file"),
    "file_send_own": button("Send this file"),
    "file_pick": _("PDF or picture"),
    "file_hint": _(
        "10 MB at most. The person gets a copy as pictures: fields to fill in, links and scripts"
        " are taken out."
    ),
    "file_name": _("Name that the person sees"),
    "file_refused": _(
        "The file did not arrive whole, or the virus scanner refused it. Nothing was sent."
    ),
    # Translators: blank application forms that officers send to people.
    "forms": button("Forms to send"),
    "forms_hint": _(
        "Officers send these files from a case, in the language of the person. A ready answer can"
        " carry one."
    ),
    # Translators: a blank application form.
    "form": _("Form"),
    "form_send": button("Send this form"),
    "form_new": _("New form"),
    "form_name": _("Name of the form, the same in each language"),
    # Translators: the blank application form that goes with a ready answer.
    "form_carried": _("Form that goes with it"),
    "bad_form": _("This name can't be used, or the library is full."),
    # Translators: label of a voice message of a person.
    "recording": _("Recording"),
    "recording_waits": _("The recording is on its way."),
    "recording_refused": _(
        "The recording could not be opened safely. The person was asked for a new one."
    ),
}
