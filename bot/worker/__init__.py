"""The worker process: jobs, sweeps, Telegram polling."""
