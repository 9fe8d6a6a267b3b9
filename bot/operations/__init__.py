"""Backup, key rotation, the rollback guard and health."""
