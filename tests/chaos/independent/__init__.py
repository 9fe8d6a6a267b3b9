"""An independent chaos test: real processes, seeded faults, and a judge outside of the system.

Its author did not read the other harness in `tests/chaos`, so that the two tests do not share a
mistake.
"""
