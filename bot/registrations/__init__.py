"""Registrations: submissions, registry codes, registry writes, retention."""
