"""Settings and minimum versions."""
