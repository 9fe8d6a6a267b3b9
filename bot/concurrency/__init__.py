"""Batching, isolation of failures and graceful shutdown."""
