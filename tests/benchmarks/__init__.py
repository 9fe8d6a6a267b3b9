"""Benchmarks: cost of a turn compared with its floor and with other frameworks.

A turn is the processing of one update, from the webhook's request to the reply. The floor is the
same input and output without Kosh's work (see `floor`). See docs/explanation/benchmarks.md.
"""
