"""Batching, backoff, caching with expiry, isolation of failures and graceful shutdown."""
