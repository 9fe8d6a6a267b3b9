"""What a turn costs, ours beside its floor and its peers, in one run; see docs/performance.md."""
