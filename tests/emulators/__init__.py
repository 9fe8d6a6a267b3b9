"""Strict stand-ins for the platforms outside, spoken to over real HTTP."""
