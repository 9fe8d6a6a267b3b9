"""Measure a turn beside its floor and other frameworks; see docs/explanation/benchmarks.md."""
