"""Attachments: files of a case, encrypted with the person's key, and a mission's library of forms.

`case_files` stores what an officer sends or a person says; `form_library` the forms of a mission;
`clamd` scans an officer's file where a scanner is configured.
"""
