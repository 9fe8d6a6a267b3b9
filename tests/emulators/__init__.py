"""Strict emulators of the platforms, reached over real HTTP."""
