"""Tests of the registry's contract, client and sandbox."""
