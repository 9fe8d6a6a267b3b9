"""The worker process: runs jobs, periodic sweeps and Telegram polling."""
