"""Chaos test: injects faults into real processes, and checks the promises from outside.

These run as separate processes: PostgreSQL with fsync on, Valkey, the sandbox registry, Telegram's
emulator, two web processes behind one port, and two workers. Every connection between them passes a
proxy. Simulated people walk through the forms and talk to officers. Meanwhile processes are killed
or frozen, connections are cut, the database's disk is filled, and new releases are deployed.
Afterwards `history` checks the promises P1 to P4 of docs/explanation/promises.md. `history` reads
only external evidence: the platform's journal, the registry's entries, the final database, and the
logs.

    ./kosh chaos                       # short, as in every run of `./kosh test`
    ./kosh chaos long                  # several hours
    ./kosh chaos kills --seed 2        # kills only
    ./kosh chaos --mutant ack-first    # with a promise broken on purpose: must fail
"""
