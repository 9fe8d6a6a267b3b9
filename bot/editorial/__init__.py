"""Editors' work on content: drafts, checks, approval by a second person, history.

Content is texts that people read, such as facts, answers and contacts.
"""
