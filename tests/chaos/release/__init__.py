"""Migration of the next release, which only the chaos test uses."""
