"""Attachments: files of cases, and the forms that a mission (embassy or consulate) offers.

A case is a person's request to officers. `case_files` stores files from officers and voice messages
from people, encrypted with the person's key. `form_library` stores the forms of a mission. `clamd`
scans an officer's file if a virus scanner is configured.
"""
