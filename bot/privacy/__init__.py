"""The data inventory, export, erasure, retention and the breach report."""
