"""Editors' work on content: drafts, checks, approval by a second person, history."""
