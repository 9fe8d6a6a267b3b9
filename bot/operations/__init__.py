"""Operations: backup, key rotation, rollback guard, health, version."""
