"""Sanitizer of untrusted files: decodes them in a sandbox and keeps only their pixels."""
