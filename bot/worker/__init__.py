"""The worker process: jobs, periodic sweeps, Telegram polling."""
