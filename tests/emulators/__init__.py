"""Strict emulators of external platforms, used over real HTTP."""
