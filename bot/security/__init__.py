"""Key files, encryption, password hashing and the audit log."""
