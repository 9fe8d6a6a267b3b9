"""Printed documents: checklists with their share links, posters, QR codes."""
