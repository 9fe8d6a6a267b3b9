-- What the sandbox registry keeps. Run at every start: it creates only what is missing.
SELECT pg_advisory_xact_lock(hashtextextended('registry_sandbox', 0));
CREATE SCHEMA IF NOT EXISTS registry_sandbox;
CREATE TABLE IF NOT EXISTS entries (
    number text PRIMARY KEY,
    created_by text NOT NULL UNIQUE, -- the key: one registration per key, whatever else fails
    changed_by text NOT NULL,
    state text NOT NULL,
    version integer NOT NULL,
    reason_code text,
    received_at timestamptz NOT NULL,
    body json,
    verdict text NOT NULL,
    doubled boolean NOT NULL,
    due_at timestamptz
);
CREATE INDEX IF NOT EXISTS entries_due ON entries (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS writes (
    key text PRIMARY KEY,
    number text NOT NULL REFERENCES entries,
    operation text NOT NULL,
    fingerprint text NOT NULL,
    answer text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    repeats integer NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS writes_number ON writes (number);
CREATE TABLE IF NOT EXISTS documents ( -- what they are; the bytes are counted and let go
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    number text NOT NULL REFERENCES entries,
    idempotency_key text NOT NULL UNIQUE,
    kind text NOT NULL,
    media_type text NOT NULL,
    pages integer NOT NULL,
    size integer NOT NULL,
    sha256 text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    repeats integer NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS documents_number ON documents (number, received_at);
CREATE TABLE IF NOT EXISTS callbacks (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    number text NOT NULL REFERENCES entries,
    body text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at timestamptz
);
CREATE INDEX IF NOT EXISTS callbacks_number ON callbacks (number, id);
CREATE OR REPLACE VIEW acknowledged AS
    SELECT number, state, version, received_at, reason_code, changed_by AS idempotency_key
    FROM entries;
CREATE OR REPLACE VIEW foremost AS -- the oldest callback of each entry that was not delivered
    SELECT DISTINCT ON (number) id, number, body, attempts, due_at
    FROM callbacks WHERE delivered_at IS NULL ORDER BY number, id;
