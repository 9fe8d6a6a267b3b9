-- Announcements: what is said to whom, who agreed to it, and a row for everyone it goes to.
CREATE TABLE broadcasts (
  id UUID NOT NULL,
  number BIGINT GENERATED ALWAYS AS IDENTITY,
  purpose TEXT NOT NULL,
  topic TEXT NOT NULL,
  why TEXT DEFAULT '' NOT NULL,
  state TEXT NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  audience JSONB NOT NULL,
  not_before TIMESTAMP WITH TIME ZONE,
  not_later_than TIMESTAMP WITH TIME ZONE,
  quiet_from TIME WITHOUT TIME ZONE,
  quiet_until TIME WITHOUT TIME ZONE,
  paid BOOLEAN DEFAULT false NOT NULL,
  canary INTEGER NOT NULL,
  reach INTEGER,
  canary_until TIMESTAMP WITH TIME ZONE,
  author UUID NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  content_hash BYTEA DEFAULT '' NOT NULL,
  text_hash BYTEA DEFAULT '' NOT NULL,
  agreed JSONB,
  total INTEGER,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  state_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT broadcasts_pkey PRIMARY KEY (id),
  CONSTRAINT broadcasts_author_fkey FOREIGN KEY (author) REFERENCES officers (id)
);
CREATE UNIQUE INDEX broadcasts_number ON broadcasts (number);
CREATE INDEX broadcasts_text_hash ON broadcasts (text_hash);
CREATE INDEX broadcasts_open ON broadcasts (state_at)
  WHERE state IN ('scheduled', 'running', 'paused', 'cancelled');

CREATE TABLE broadcast_texts (
  broadcast_id UUID NOT NULL,
  language TEXT NOT NULL,
  body TEXT NOT NULL,
  template TEXT DEFAULT '' NOT NULL,
  CONSTRAINT broadcast_texts_pkey PRIMARY KEY (broadcast_id, language),
  CONSTRAINT broadcast_texts_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE
);

CREATE TABLE broadcast_tests (
  broadcast_id UUID NOT NULL,
  language TEXT NOT NULL,
  hash BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT broadcast_tests_pkey PRIMARY KEY (broadcast_id, language),
  CONSTRAINT broadcast_tests_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE
);

-- Nobody agrees to what they wrote themselves.
CREATE TABLE approvals (
  broadcast_id UUID NOT NULL,
  officer UUID NOT NULL,
  author UUID NOT NULL,
  content_hash BYTEA NOT NULL,
  audience INTEGER NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT approvals_pkey PRIMARY KEY (broadcast_id, officer),
  CONSTRAINT approvals_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE,
  CONSTRAINT approvals_officer_fkey FOREIGN KEY (officer) REFERENCES officers (id),
  CONSTRAINT approvals_four_eyes CHECK (officer <> author)
);

-- A row for each recipient. `seq` is drawn by lot, so that the first ones are a sample of all; every
-- key begins with the broadcast, so that the table can be parted by it.
CREATE TABLE recipients (
  broadcast_id UUID NOT NULL,
  seq INTEGER NOT NULL,
  person_id UUID NOT NULL,
  attempt INTEGER DEFAULT 0 NOT NULL,
  channel TEXT NOT NULL,
  language TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  template BOOLEAN DEFAULT false NOT NULL,
  not_before TIMESTAMP WITH TIME ZONE,
  lease_until TIMESTAMP WITH TIME ZONE,
  at TIMESTAMP WITH TIME ZONE,
  external_id TEXT,
  CONSTRAINT recipients_pkey PRIMARY KEY (broadcast_id, seq),
  CONSTRAINT recipients_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE,
  CONSTRAINT recipients_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX recipients_once ON recipients (person_id, broadcast_id);
CREATE INDEX recipients_listed ON recipients (broadcast_id, state, seq);
CREATE INDEX recipients_held ON recipients (broadcast_id, not_before) WHERE state = 'held';
CREATE INDEX recipients_reach ON recipients (at) WHERE template;

-- What became of how many: kept by the database itself, so that no statement can forget it, and
-- left as it was when the rows go.
CREATE TABLE broadcast_counts (
  broadcast_id UUID NOT NULL,
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  count BIGINT NOT NULL,
  CONSTRAINT broadcast_counts_pkey PRIMARY KEY (broadcast_id, channel, state, reason),
  CONSTRAINT broadcast_counts_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE
);

CREATE TABLE broadcast_minutes (
  broadcast_id UUID NOT NULL,
  minute TIMESTAMP WITH TIME ZONE NOT NULL,
  count INTEGER NOT NULL,
  CONSTRAINT broadcast_minutes_pkey PRIMARY KEY (broadcast_id, minute),
  CONSTRAINT broadcast_minutes_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE
);

CREATE TABLE broadcast_requests (
  officer UUID NOT NULL,
  key TEXT NOT NULL,
  digest BYTEA NOT NULL,
  broadcast_id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT broadcast_requests_pkey PRIMARY KEY (officer, key),
  CONSTRAINT broadcast_requests_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE
);

CREATE TABLE platform_pauses (
  channel TEXT NOT NULL,
  until TIMESTAMP WITH TIME ZONE NOT NULL,
  reason TEXT NOT NULL,
  CONSTRAINT platform_pauses_pkey PRIMARY KEY (channel)
);

CREATE FUNCTION kosh_count_recipients() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO public.broadcast_counts AS c (broadcast_id, channel, state, reason, count)
  SELECT broadcast_id, channel, state, reason, sum(more) FROM (
    SELECT broadcast_id, channel, state, reason, 1 AS more FROM new_rows
    UNION ALL SELECT broadcast_id, channel, state, reason, -1 FROM old_rows
  ) AS moved GROUP BY 1, 2, 3, 4 HAVING sum(more) <> 0 ORDER BY 1, 2, 3, 4
  ON CONFLICT (broadcast_id, channel, state, reason) DO UPDATE SET count = c.count + excluded.count;
  INSERT INTO public.broadcast_minutes AS m (broadcast_id, minute, count)
  SELECT n.broadcast_id, date_trunc('minute', public.kosh_now()), count(*)
  FROM new_rows n JOIN old_rows o ON o.broadcast_id = n.broadcast_id AND o.seq = n.seq
  WHERE o.state = 'claimed' AND n.state = 'accepted' GROUP BY 1
  ON CONFLICT (broadcast_id, minute) DO UPDATE SET count = m.count + excluded.count;
  RETURN NULL;
END $$;

-- Who is erased before their turn counts as skipped; what became of others stays counted.
CREATE FUNCTION kosh_count_erased() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO public.broadcast_counts AS c (broadcast_id, channel, state, reason, count)
  SELECT moved.broadcast_id, moved.channel, moved.state, moved.reason, sum(moved.more) FROM (
    SELECT broadcast_id, channel, state, reason, -1 AS more FROM old_rows
    WHERE state IN ('planned', 'held', 'claimed')
    UNION ALL SELECT broadcast_id, channel, 'skipped', 'erased', 1 FROM old_rows
    WHERE state IN ('planned', 'held', 'claimed')
  ) AS moved JOIN public.broadcasts b ON b.id = moved.broadcast_id
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (broadcast_id, channel, state, reason) DO UPDATE SET count = c.count + excluded.count;
  RETURN NULL;
END $$;

CREATE TRIGGER recipients_moved AFTER UPDATE ON recipients
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION kosh_count_recipients();
CREATE TRIGGER recipients_erased AFTER DELETE ON recipients
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION kosh_count_erased();

-- The end of quiet hours, if it is quiet in a zone at that moment.
CREATE FUNCTION kosh_quiet_until(
  moment timestamptz, zone text, quiet_from time, quiet_until time
) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN quiet_from < quiet_until AND there::time >= quiet_from AND there::time < quiet_until
      THEN (there::date + quiet_until) AT TIME ZONE zone
    WHEN quiet_from > quiet_until AND there::time >= quiet_from
      THEN (there::date + 1 + quiet_until) AT TIME ZONE zone
    WHEN quiet_from > quiet_until AND there::time < quiet_until
      THEN (there::date + quiet_until) AT TIME ZONE zone
  END FROM (SELECT moment AT TIME ZONE zone AS there) AS clock
$$;

CREATE INDEX audit_subject ON audit (subject, seq);

REVOKE ALL ON FUNCTION kosh_count_recipients(), kosh_count_erased() FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  broadcasts, broadcast_texts, broadcast_tests, approvals, recipients, broadcast_requests,
  platform_pauses TO kosh_app;
GRANT SELECT, INSERT ON broadcast_counts TO kosh_app;
GRANT SELECT ON broadcast_minutes TO kosh_app;
GRANT USAGE, SELECT ON SEQUENCE broadcasts_number_seq TO kosh_app;
GRANT SELECT (id, state, state_at) ON broadcasts TO kosh_retention;
GRANT SELECT (broadcast_id), DELETE ON recipients TO kosh_retention;
GRANT SELECT (broadcast_id, at), DELETE ON broadcast_requests TO kosh_retention;
