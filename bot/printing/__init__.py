"""Printed documents: checklists of required documents, with share links; posters; QR codes."""
