"""The chaos test: real processes, every fault of a matrix, and invariants of the history.

These run as processes of their own: PostgreSQL with fsync on, Valkey, the sandbox registry,
Telegram's emulator, two web processes behind one port, two workers. A proxy is on every connection
between them. People walk through the forms and talk to officers while all of it is killed, frozen,
cut off, filled up and deployed again. Afterwards `history` reads only external evidence: the
platform's journal, the registry's entries, the final database, the logs. It checks promises P1 to
P4 against them.

    ./kosh chaos                       # short, as in every run of the tests
    ./kosh chaos long                  # for nights
    ./kosh chaos kills --seed 2        # kills alone
    ./kosh chaos --mutant ack-first    # a promise broken on purpose: must be red
"""
