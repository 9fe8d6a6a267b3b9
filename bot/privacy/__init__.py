"""Data protection: data inventory, export, erasure, retention and breach report."""
