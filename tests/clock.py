"""A movable database clock: in test databases only, `kosh_now()` adds an offset."""

from typing import LiteralString

SHIFTED: LiteralString = """
CREATE OR REPLACE FUNCTION kosh_now() RETURNS timestamptz LANGUAGE sql VOLATILE
  RETURN clock_timestamp() + (SELECT ahead FROM public.test_clock);
"""
CLOCK: LiteralString = (
    """
CREATE TABLE test_clock (ahead interval NOT NULL);
INSERT INTO test_clock VALUES ('0');
GRANT SELECT, UPDATE ON test_clock TO PUBLIC;
"""
    + SHIFTED
)
