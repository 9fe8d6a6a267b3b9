"""A first crash test: real processes, killed at random, and a history that must still be true.

PostgreSQL with fsync on, Valkey, the sandbox registry, Telegram's emulator, one web process and two
workers run as processes of their own. People walk through the forms and talk to officers while web
and workers are killed (SIGKILL) and started again at once. Afterwards `history` looks only at what
stands outside: the platform's journal, the registry's entries, the final database. It holds
promises P1 to P4 against them.

    python -m tests.chaos --people 500 --updates 10000 --kills 50 --seed 1
    python -m tests.chaos --people 60 --updates 1200 --kills 8 --mutant ack-first
"""
