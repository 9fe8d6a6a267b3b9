"""Operations: backups, health, key rotation, rollback guard, version."""
