-- The last entry that retention deleted. The chain begins after it.
ALTER TABLE audit_head
  ADD COLUMN removed_seq bigint DEFAULT 0 NOT NULL,
  ADD COLUMN removed_hash bytea DEFAULT '' NOT NULL;
ALTER TABLE audit_head
  ALTER removed_seq DROP DEFAULT,
  ALTER removed_hash DROP DEFAULT;

-- Append an entry and move the head. The entry is numbered under the head's lock: numbered earlier,
-- concurrent writers would break the chain. The hash covers the bytes that `audit_log._link` joins.
CREATE FUNCTION kosh_append_audit(
  new_actor text, new_action text, new_subject text, new_detail text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  nul constant bytea := '\x00';
  last public.audit_head;
  written timestamptz;
  moment text;
  content bytea;
  new_hash bytea;
BEGIN
  IF session_user = 'kosh_console'
    AND new_actor IS DISTINCT FROM current_setting('kosh.officer', true) THEN
    RAISE insufficient_privilege USING MESSAGE = 'an officer writes to the audit log as themselves';
  END IF;
  SELECT * INTO STRICT last FROM public.audit_head FOR UPDATE;
  written := public.kosh_now();
  moment := to_char(written AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    || coalesce('.' || nullif(to_char(written AT TIME ZONE 'UTC', 'US'), '000000'), '')
    || '+00:00';
  content := convert_to((last.seq + 1)::text, 'UTF8') || nul || convert_to(moment, 'UTF8')
    || nul || convert_to(new_actor, 'UTF8') || nul || convert_to(new_action, 'UTF8')
    || nul || convert_to(new_subject, 'UTF8')
    || CASE WHEN new_detail = '' THEN ''::bytea ELSE nul || convert_to(new_detail, 'UTF8') END;
  new_hash := sha256(last.hash || content);
  INSERT INTO public.audit_entries (seq, created_at, actor, action, subject, detail, hash)
    VALUES (last.seq + 1, written, new_actor, new_action, new_subject, new_detail, new_hash);
  UPDATE public.audit_head SET seq = last.seq + 1, hash = new_hash;
  RETURN last.seq + 1;
END $$;

-- Delete the entries of more than three years ago from the beginning of the chain, and return their
-- numbers.
CREATE FUNCTION kosh_expire_audit() RETURNS SETOF bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kept bigint;
  removed bigint;
BEGIN
  SELECT seq + 1 INTO STRICT kept FROM public.audit_head FOR UPDATE;
  SELECT coalesce(min(e.seq), kept) INTO kept FROM (
    SELECT seq FROM public.audit_entries
    WHERE created_at >= public.kosh_now() - interval '3 years' ORDER BY seq LIMIT 1) AS e;
  UPDATE public.audit_head AS h SET removed_seq = e.seq, removed_hash = e.hash
    FROM public.audit_entries AS e WHERE e.seq = kept - 1
    RETURNING e.seq INTO removed;
  RETURN QUERY DELETE FROM public.audit_entries WHERE seq <= removed RETURNING seq;
END $$;

REVOKE ALL ON FUNCTION kosh_append_audit(text, text, text, text), kosh_expire_audit() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kosh_append_audit(text, text, text, text) TO kosh_app, kosh_console;
GRANT EXECUTE ON FUNCTION kosh_expire_audit() TO kosh_retention;

-- No role of a running process can write the tables directly.
REVOKE INSERT ON audit_entries FROM kosh_app, kosh_console;
REVOKE UPDATE ON audit_head FROM kosh_app, kosh_console;
REVOKE SELECT (seq, created_at), DELETE ON audit_entries FROM kosh_retention;
DROP POLICY console_own ON audit_entries;
DROP POLICY retention_all ON audit_entries;
