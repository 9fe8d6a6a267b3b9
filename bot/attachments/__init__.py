"""Attachments: files of a case, encrypted with the person's key, and a mission's library of forms.

`case_files` stores files from officers and voice messages from people. `form_library` stores the
forms of a mission. `clamd` scans an officer's file if a virus scanner is configured.
"""
