CREATE FUNCTION kosh_now() RETURNS timestamptz LANGUAGE sql VOLATILE
  RETURN clock_timestamp();
CREATE TABLE audit (
  seq BIGINT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT audit_pkey PRIMARY KEY (seq)
);
CREATE TABLE audit_head (
  one BOOLEAN NOT NULL,
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT audit_head_pkey PRIMARY KEY (one)
);
CREATE TABLE officers (
  id UUID NOT NULL,
  name TEXT NOT NULL,
  mission TEXT NOT NULL,
  active BOOLEAN DEFAULT true NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT officers_pkey PRIMARY KEY (id),
  CONSTRAINT officers_name_key UNIQUE (name)
);
CREATE TABLE people (
  id UUID NOT NULL,
  key BYTEA NOT NULL,
  key_epoch INTEGER NOT NULL,
  mission TEXT,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT people_pkey PRIMARY KEY (id)
);
CREATE TABLE quarantine (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  channel TEXT NOT NULL,
  key BYTEA NOT NULL,
  reason TEXT NOT NULL,
  size INTEGER NOT NULL,
  attempts INTEGER DEFAULT 1 NOT NULL,
  body BYTEA,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT quarantine_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX quarantine_key ON quarantine (channel, key);
CREATE TABLE tombstones (
  mark BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT tombstones_pkey PRIMARY KEY (mark)
);
CREATE TABLE updates (
  channel TEXT NOT NULL,
  key BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT updates_pkey PRIMARY KEY (channel, key)
);
CREATE INDEX updates_at ON updates (at);
CREATE TABLE cases (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  mission TEXT NOT NULL,
  topic TEXT NOT NULL,
  urgent BOOLEAN NOT NULL,
  language TEXT NOT NULL,
  state TEXT NOT NULL,
  owner UUID,
  version INTEGER DEFAULT 0 NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  state_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT cases_pkey PRIMARY KEY (id),
  CONSTRAINT cases_person_id_fkey FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE,
  CONSTRAINT cases_owner_fkey FOREIGN KEY(owner) REFERENCES officers (id)
);
CREATE INDEX cases_person_id ON cases (person_id);
CREATE INDEX cases_queue ON cases (mission, urgent DESC, opened_at) WHERE state <> 'resolved';
CREATE TABLE consents (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  person_id UUID NOT NULL,
  purpose TEXT NOT NULL,
  given BOOLEAN NOT NULL,
  text_sha256 BYTEA NOT NULL,
  language TEXT NOT NULL,
  channel TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT consents_pkey PRIMARY KEY (id),
  CONSTRAINT consents_person_id_fkey FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX consents_person_id ON consents (person_id);
CREATE TABLE conversations (
  person_id UUID NOT NULL,
  state BYTEA NOT NULL,
  channel TEXT NOT NULL,
  language TEXT NOT NULL,
  quiet BOOLEAN DEFAULT false NOT NULL,
  epoch INTEGER DEFAULT 0 NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT conversations_pkey PRIMARY KEY (person_id),
  CONSTRAINT conversations_person_id_fkey FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
)
 WITH (fillfactor = 60);
CREATE TABLE handles (
  channel TEXT NOT NULL,
  bidx BYTEA NOT NULL,
  person_id UUID NOT NULL,
  address BYTEA NOT NULL,
  blocked BOOLEAN DEFAULT false NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT handles_pkey PRIMARY KEY (channel, bidx),
  CONSTRAINT handles_person_id_fkey FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX handles_person_id ON handles (person_id);
CREATE TABLE registrations (
  id UUID NOT NULL,
  person_id UUID,
  state TEXT NOT NULL,
  number TEXT,
  version INTEGER DEFAULT 0 NOT NULL,
  answers_gone BOOLEAN DEFAULT false NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  state_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT registrations_pkey PRIMARY KEY (id),
  CONSTRAINT registrations_person_id_fkey FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX registrations_number ON registrations (number);
CREATE INDEX registrations_person_id ON registrations (person_id);
CREATE TABLE case_words (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  case_id UUID NOT NULL,
  person_id UUID NOT NULL,
  officer UUID,
  body BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT case_words_pkey PRIMARY KEY (id),
  CONSTRAINT case_words_case_id_fkey FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
  CONSTRAINT case_words_person_id_fkey FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX case_words_case_id_id ON case_words (case_id, id);
CREATE TABLE messages (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  person_id UUID NOT NULL,
  channel TEXT NOT NULL,
  act TEXT NOT NULL,
  body BYTEA,
  epoch INTEGER,
  case_id UUID,
  officer UUID,
  state TEXT NOT NULL,
  attempt INTEGER DEFAULT 0 NOT NULL,
  external_id TEXT,
  reason TEXT,
  due_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  lease_until TIMESTAMP WITH TIME ZONE,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  done_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT messages_pkey PRIMARY KEY (id),
  CONSTRAINT messages_person_id_fkey FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE,
  CONSTRAINT messages_case_id_fkey FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE SET NULL
);
CREATE INDEX messages_due ON messages (due_at) WHERE done_at IS NULL;
CREATE INDEX messages_open ON messages (person_id, id) WHERE state IN ('pending', 'sending');
CREATE INDEX messages_person ON messages (person_id, id);
CREATE TABLE registry_writes (
  id UUID NOT NULL,
  registration_id UUID NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  payload BYTEA,
  state TEXT NOT NULL,
  attempts INTEGER DEFAULT 0 NOT NULL,
  reason TEXT,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  done_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT registry_writes_pkey PRIMARY KEY (id),
  CONSTRAINT registry_writes_registration_id_fkey FOREIGN KEY(registration_id) REFERENCES registrations (id) ON DELETE CASCADE
);
CREATE INDEX registry_writes_open ON registry_writes (due_at) WHERE state IN ('pending', 'sending', 'unknown');
CREATE UNIQUE INDEX registry_writes_order ON registry_writes (registration_id, number);
INSERT INTO audit_head VALUES (true, 0, '');
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kosh_app, kosh_retention, kosh_console;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  people, handles, conversations, updates, quarantine, messages,
  registrations, registry_writes, cases, case_words
  TO kosh_app;
GRANT SELECT, INSERT ON consents, tombstones, officers, audit TO kosh_app;
GRANT SELECT, UPDATE ON audit_head TO kosh_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers
  TO kosh_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO kosh_app;
GRANT SELECT (id), DELETE ON people TO kosh_retention;
GRANT SELECT (person_id, updated_at) ON conversations TO kosh_retention;
GRANT SELECT (channel, key, at), DELETE ON updates TO kosh_retention;
GRANT SELECT (id, at), DELETE ON quarantine TO kosh_retention;
GRANT SELECT (id, state, done_at), DELETE ON messages TO kosh_retention;
GRANT SELECT (id, person_id, state, state_at), DELETE ON cases TO kosh_retention;
GRANT SELECT (id, person_id, state, state_at), DELETE ON registrations TO kosh_retention;
GRANT SELECT (seq, at), DELETE ON audit TO kosh_retention;
GRANT SELECT, UPDATE ON cases TO kosh_console;
GRANT SELECT, INSERT ON case_words TO kosh_console;
GRANT SELECT ON people, registrations, officers TO kosh_console;
GRANT USAGE, SELECT ON SEQUENCE case_words_id_seq TO kosh_console;
ALTER TABLE cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE registrations ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_all ON cases TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON case_words TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON people TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON registrations TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY retention_all ON cases TO kosh_retention USING (true);
CREATE POLICY retention_all ON people TO kosh_retention USING (true);
CREATE POLICY retention_all ON registrations TO kosh_retention USING (true);
CREATE POLICY console_mission ON cases TO kosh_console
  USING (mission = current_setting('kosh.mission', true));
CREATE POLICY console_case ON case_words TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.id = case_id));
CREATE POLICY console_person ON people TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.person_id = people.id));
CREATE POLICY console_registration ON registrations TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.person_id = registrations.person_id));
CREATE TABLE links (
  token BYTEA NOT NULL,
  person_id UUID NOT NULL,
  channel TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT links_pkey PRIMARY KEY (token),
  CONSTRAINT links_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX links_person_id ON links (person_id);
CREATE INDEX links_expires_at ON links (expires_at);
ALTER TABLE handles ADD COLUMN home TEXT;
ALTER TABLE handles ADD COLUMN until TIMESTAMP WITH TIME ZONE;
GRANT SELECT, INSERT, UPDATE, DELETE ON links TO kosh_app;
GRANT SELECT (expires_at), DELETE ON links TO kosh_retention;
GRANT SELECT (until), DELETE ON handles TO kosh_retention;
CREATE TABLE accounts (
  officer_id UUID NOT NULL,
  password BYTEA,
  totp BYTEA,
  totp_step BIGINT DEFAULT 0 NOT NULL,
  subject BYTEA,
  misses INTEGER DEFAULT 0 NOT NULL,
  locked_until TIMESTAMP WITH TIME ZONE,
  language TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT accounts_pkey PRIMARY KEY (officer_id),
  CONSTRAINT accounts_officer_id_fkey FOREIGN KEY (officer_id)
    REFERENCES officers (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX accounts_subject ON accounts (subject);
CREATE TABLE account_links (
  token BYTEA NOT NULL,
  officer_id UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT account_links_pkey PRIMARY KEY (token),
  CONSTRAINT account_links_officer_id_fkey FOREIGN KEY (officer_id)
    REFERENCES officers (id) ON DELETE CASCADE
);
CREATE INDEX account_links_officer_id ON account_links (officer_id);
CREATE TABLE passkeys (
  id BYTEA NOT NULL,
  officer_id UUID NOT NULL,
  public_key BYTEA NOT NULL,
  uses BIGINT DEFAULT 0 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT passkeys_pkey PRIMARY KEY (id),
  CONSTRAINT passkeys_officer_id_fkey FOREIGN KEY (officer_id)
    REFERENCES officers (id) ON DELETE CASCADE
);
CREATE INDEX passkeys_officer_id ON passkeys (officer_id);
CREATE TABLE console_sessions (
  id UUID NOT NULL,
  token BYTEA NOT NULL,
  officer_id UUID NOT NULL,
  strength TEXT NOT NULL,
  device TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT console_sessions_pkey PRIMARY KEY (id),
  CONSTRAINT console_sessions_officer_id_fkey FOREIGN KEY (officer_id)
    REFERENCES officers (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX console_sessions_token ON console_sessions (token);
CREATE INDEX console_sessions_officer_id ON console_sessions (officer_id);
CREATE INDEX console_sessions_created_at ON console_sessions (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts, account_links, passkeys, console_sessions TO kosh_console;
GRANT SELECT (created_at), DELETE ON console_sessions TO kosh_retention;
GRANT SELECT (expires_at), DELETE ON account_links TO kosh_retention;
ALTER TABLE officers ADD COLUMN roles TEXT[] DEFAULT '{officer}' NOT NULL;
ALTER TABLE officers ADD COLUMN languages TEXT[] DEFAULT '{}' NOT NULL;
ALTER TABLE officers ADD COLUMN topics TEXT[] DEFAULT '{}' NOT NULL;
ALTER TABLE officers ADD COLUMN shift_until TIMESTAMP WITH TIME ZONE;
GRANT UPDATE ON officers TO kosh_app;
ALTER TABLE cases ADD COLUMN number BIGINT GENERATED ALWAYS AS IDENTITY;
ALTER TABLE cases ADD COLUMN country TEXT DEFAULT '' NOT NULL;
ALTER TABLE cases ADD COLUMN waiting_since TIMESTAMP WITH TIME ZONE DEFAULT kosh_now();
ALTER TABLE cases ADD COLUMN answer_due TIMESTAMP WITH TIME ZONE;
ALTER TABLE cases ADD COLUMN resolve_due TIMESTAMP WITH TIME ZONE;
ALTER TABLE cases ADD COLUMN return_due TIMESTAMP WITH TIME ZONE;
ALTER TABLE cases ADD COLUMN paused_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE cases ADD COLUMN snoozed_until TIMESTAMP WITH TIME ZONE;
ALTER TABLE cases ADD COLUMN escalated_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE cases ADD COLUMN answered_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE cases ADD COLUMN answer_minutes INTEGER;
ALTER TABLE cases ADD COLUMN returned INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE cases ADD COLUMN rating TEXT;
CREATE UNIQUE INDEX cases_number ON cases (number);
CREATE INDEX cases_closed ON cases (mission, state_at DESC) WHERE state = 'resolved';
CREATE INDEX cases_answered ON cases (mission, answered_at) WHERE answered_at IS NOT NULL;
ALTER TABLE case_words ADD COLUMN message_id BIGINT;
ALTER TABLE case_words ADD COLUMN canned TEXT;
CREATE TABLE notes (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  case_id UUID NOT NULL,
  person_id UUID NOT NULL,
  officer UUID NOT NULL,
  body BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT notes_pkey PRIMARY KEY (id),
  CONSTRAINT notes_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE,
  CONSTRAINT notes_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX notes_case_id_id ON notes (case_id, id);
CREATE TABLE case_actions (
  officer UUID NOT NULL,
  key TEXT NOT NULL,
  case_id UUID NOT NULL,
  action TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT case_actions_pkey PRIMARY KEY (officer, key),
  CONSTRAINT case_actions_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE
);
CREATE INDEX case_actions_case_id ON case_actions (case_id);
CREATE TABLE case_events (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  case_id UUID NOT NULL,
  mission TEXT NOT NULL,
  kind TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT case_events_pkey PRIMARY KEY (id)
);
CREATE INDEX case_events_mission_id ON case_events (mission, id);
CREATE INDEX case_events_at ON case_events (at);
CREATE TABLE missions (
  mission TEXT NOT NULL,
  zone TEXT NOT NULL,
  first_minutes INTEGER NOT NULL,
  next_minutes INTEGER NOT NULL,
  resolve_minutes INTEGER NOT NULL,
  return_minutes INTEGER NOT NULL,
  duty_chat TEXT DEFAULT '' NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT missions_pkey PRIMARY KEY (mission)
);
CREATE TABLE mission_hours (
  mission TEXT NOT NULL,
  weekday INTEGER NOT NULL,
  opens TIME WITHOUT TIME ZONE NOT NULL,
  closes TIME WITHOUT TIME ZONE NOT NULL,
  CONSTRAINT mission_hours_pkey PRIMARY KEY (mission, weekday, opens),
  CONSTRAINT mission_hours_mission_fkey FOREIGN KEY (mission) REFERENCES missions (mission)
    ON DELETE CASCADE
);
CREATE TABLE holidays (
  mission TEXT NOT NULL,
  day DATE NOT NULL,
  works_as INTEGER,
  CONSTRAINT holidays_pkey PRIMARY KEY (mission, day),
  CONSTRAINT holidays_mission_fkey FOREIGN KEY (mission) REFERENCES missions (mission)
    ON DELETE CASCADE
);
CREATE TABLE canned (
  mission TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  body TEXT NOT NULL,
  version INTEGER NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT canned_pkey PRIMARY KEY (mission, name, language)
);
CREATE TABLE duty_cards (
  chat TEXT NOT NULL,
  external_id TEXT DEFAULT '' NOT NULL,
  digest BYTEA DEFAULT '' NOT NULL,
  urgent INTEGER DEFAULT 0 NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT duty_cards_pkey PRIMARY KEY (chat)
);
ALTER TABLE audit ADD COLUMN detail TEXT DEFAULT '' NOT NULL;
CREATE INDEX audit_actor_at ON audit (actor, at);
CREATE FUNCTION kosh_case_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
DECLARE
  told uuid;
  places text[];
  place text;
BEGIN
  IF TG_TABLE_NAME <> 'cases' THEN
    told := NEW.case_id;
    places := ARRAY(SELECT k.mission FROM public.cases k WHERE k.id = told);
  ELSIF TG_OP = 'DELETE' THEN
    told := OLD.id;
    places := ARRAY[OLD.mission];
  ELSE
    told := NEW.id;
    places := ARRAY[NEW.mission];
    IF TG_OP = 'UPDATE' AND OLD.mission <> NEW.mission THEN
      places := places || OLD.mission;
    END IF;
  END IF;
  PERFORM pg_advisory_xact_lock(5273851920481);
  FOREACH place IN ARRAY places LOOP
    INSERT INTO public.case_events (case_id, mission, kind) VALUES (told, place, TG_ARGV[0]);
    PERFORM pg_notify('kosh_case', place);
  END LOOP;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER cases_told AFTER INSERT OR UPDATE ON cases
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_case_event('case');
CREATE CONSTRAINT TRIGGER cases_gone AFTER DELETE ON cases
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state <> 'resolved')
  EXECUTE FUNCTION kosh_case_event('gone');
CREATE CONSTRAINT TRIGGER case_words_told AFTER INSERT ON case_words
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_case_event('words');
CREATE CONSTRAINT TRIGGER notes_told AFTER INSERT ON notes
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_case_event('note');
CREATE CONSTRAINT TRIGGER messages_told AFTER UPDATE OF state ON messages
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.case_id IS NOT NULL)
  EXECUTE FUNCTION kosh_case_event('delivery');
CREATE FUNCTION kosh_move_case(moved uuid, seen integer, place text)
  RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE public.cases SET mission = place, state = 'queued', owner = NULL, answer_due = NULL,
    return_due = NULL, snoozed_until = NULL, escalated_at = NULL, paused_at = NULL,
    waiting_since = coalesce(waiting_since, public.kosh_now()),
    version = version + 1, state_at = public.kosh_now()
  WHERE id = moved AND version = seen AND mission = current_setting('kosh.mission', true)
    AND state <> 'resolved';
  RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION kosh_case_event(), kosh_move_case(uuid, integer, text)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kosh_move_case(uuid, integer, text) TO kosh_console;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  notes, case_actions, case_events, missions, mission_hours, holidays, canned, duty_cards
  TO kosh_app;
GRANT USAGE, SELECT ON SEQUENCE notes_id_seq, case_events_id_seq TO kosh_app, kosh_console;
GRANT SELECT (id, at), DELETE ON case_events TO kosh_retention;
GRANT SELECT (case_id) ON messages TO kosh_retention;
GRANT SELECT, UPDATE ON conversations TO kosh_console;
GRANT SELECT ON handles TO kosh_console;
GRANT SELECT, INSERT, UPDATE (state, body, done_at) ON messages TO kosh_console;
GRANT USAGE, SELECT ON SEQUENCE messages_id_seq TO kosh_console;
GRANT SELECT, INSERT ON notes, case_actions TO kosh_console;
GRANT UPDATE (message_id) ON case_words TO kosh_console;
GRANT SELECT ON case_events TO kosh_console;
GRANT SELECT, INSERT, UPDATE, DELETE ON missions, mission_hours, holidays, canned TO kosh_console;
GRANT UPDATE (shift_until) ON officers TO kosh_console;
GRANT SELECT, INSERT ON audit TO kosh_console;
GRANT SELECT, UPDATE ON audit_head TO kosh_console;
GRANT SELECT (id, registration_id, number, kind, state, attempts, reason, created_at, done_at)
  ON registry_writes TO kosh_console;
GRANT SELECT, INSERT, DELETE ON links TO kosh_console;
ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE handles ENABLE ROW LEVEL SECURITY;
ALTER TABLE links ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_writes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_actions ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE missions ENABLE ROW LEVEL SECURITY;
ALTER TABLE mission_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE holidays ENABLE ROW LEVEL SECURITY;
ALTER TABLE canned ENABLE ROW LEVEL SECURITY;
ALTER TABLE officers ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_all ON conversations TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON handles TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON links TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON messages TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON registry_writes TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON notes TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON case_actions TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON case_events TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON missions TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON mission_hours TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON holidays TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON canned TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON officers TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON audit TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY retention_all ON conversations TO kosh_retention USING (true);
CREATE POLICY retention_all ON handles TO kosh_retention USING (true);
CREATE POLICY retention_all ON links TO kosh_retention USING (true);
CREATE POLICY retention_all ON messages TO kosh_retention USING (true);
CREATE POLICY retention_all ON case_events TO kosh_retention USING (true);
CREATE POLICY retention_all ON audit TO kosh_retention USING (true);
CREATE POLICY console_open ON conversations TO kosh_console USING (EXISTS (
  SELECT FROM cases k WHERE k.person_id = conversations.person_id AND k.state <> 'resolved'));
CREATE POLICY console_open ON handles FOR SELECT TO kosh_console USING (EXISTS (
  SELECT FROM cases k WHERE k.person_id = handles.person_id AND k.state <> 'resolved'));
CREATE POLICY console_open ON links TO kosh_console USING (EXISTS (
  SELECT FROM cases k WHERE k.person_id = links.person_id AND k.state <> 'resolved'));
CREATE POLICY console_person ON messages FOR SELECT TO kosh_console USING (EXISTS (
  SELECT FROM cases k WHERE k.person_id = messages.person_id));
CREATE POLICY console_open ON messages FOR INSERT TO kosh_console WITH CHECK (EXISTS (
  SELECT FROM cases k WHERE k.person_id = messages.person_id AND k.state <> 'resolved'));
CREATE POLICY console_drops ON messages FOR UPDATE TO kosh_console USING (EXISTS (
  SELECT FROM cases k WHERE k.person_id = messages.person_id AND k.state <> 'resolved'));
CREATE POLICY console_registration ON registry_writes FOR SELECT TO kosh_console USING (EXISTS (
  SELECT FROM registrations r WHERE r.id = registry_writes.registration_id));
CREATE POLICY console_case ON notes TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.id = case_id));
CREATE POLICY console_case ON case_actions TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.id = case_id));
CREATE POLICY console_mission ON case_events FOR SELECT TO kosh_console
  USING (mission = current_setting('kosh.mission', true));
CREATE POLICY console_mission ON missions TO kosh_console
  USING (mission = current_setting('kosh.mission', true));
CREATE POLICY console_mission ON mission_hours TO kosh_console
  USING (mission = current_setting('kosh.mission', true));
CREATE POLICY console_mission ON holidays TO kosh_console
  USING (mission = current_setting('kosh.mission', true));
CREATE POLICY console_mission ON canned TO kosh_console
  USING (mission = current_setting('kosh.mission', true));
CREATE POLICY console_names ON officers FOR SELECT TO kosh_console USING (true);
CREATE POLICY console_self ON officers FOR UPDATE TO kosh_console
  USING (id::text = current_setting('kosh.officer', true));
CREATE POLICY console_own ON audit FOR SELECT TO kosh_console
  USING (actor = current_setting('kosh.officer', true) OR current_setting('kosh.audits', true) = 'yes');
CREATE POLICY console_writes ON audit FOR INSERT TO kosh_console
  WITH CHECK (actor = current_setting('kosh.officer', true));
ALTER TABLE messages ADD COLUMN receipt TEXT;
ALTER TABLE messages ADD COLUMN receipt_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE messages ADD COLUMN price TEXT;
ALTER TABLE handles ADD COLUMN spoke_at TIMESTAMP WITH TIME ZONE;
CREATE INDEX messages_waiting ON messages (person_id) WHERE state = 'waiting';
GRANT SELECT (due_at) ON messages TO kosh_retention;
CREATE TABLE uploads (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  registration_id UUID,
  paper TEXT NOT NULL,
  state TEXT NOT NULL,
  channel TEXT,
  source BYTEA,
  mark BYTEA,
  digest BYTEA,
  media_type TEXT,
  pages INTEGER,
  size INTEGER,
  received INTEGER DEFAULT 0 NOT NULL,
  attempts INTEGER DEFAULT 0 NOT NULL,
  reason TEXT,
  document UUID,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  state_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT uploads_pkey PRIMARY KEY (id),
  CONSTRAINT uploads_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE,
  CONSTRAINT uploads_registration_id_fkey FOREIGN KEY (registration_id)
    REFERENCES registrations (id) ON DELETE SET NULL
);
CREATE INDEX uploads_person_id ON uploads (person_id);
CREATE INDEX uploads_registration_id ON uploads (registration_id);
CREATE INDEX uploads_open ON uploads (due_at) WHERE state IN ('fetching', 'checking', 'pending', 'sending', 'unknown');
CREATE TABLE upload_chunks (
  upload_id UUID NOT NULL,
  number INTEGER NOT NULL,
  body BYTEA STORAGE EXTERNAL NOT NULL,
  CONSTRAINT upload_chunks_pkey PRIMARY KEY (upload_id, number),
  CONSTRAINT upload_chunks_upload_id_fkey FOREIGN KEY (upload_id)
    REFERENCES uploads (id) ON DELETE CASCADE
);
GRANT SELECT, INSERT, UPDATE, DELETE ON uploads, upload_chunks TO kosh_app;
GRANT SELECT (id, state, created_at, state_at) ON uploads TO kosh_retention;
GRANT DELETE ON uploads TO kosh_retention;
CREATE TABLE steps (
  flow TEXT NOT NULL,
  question TEXT NOT NULL,
  place INTEGER NOT NULL,
  language TEXT NOT NULL,
  channel TEXT NOT NULL,
  reached INTEGER NOT NULL,
  staying INTEGER NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT steps_pkey PRIMARY KEY (flow, question, language, channel)
);
GRANT SELECT, INSERT, DELETE ON steps TO kosh_app;
GRANT SELECT ON steps TO kosh_console;
CREATE TABLE reminders (
  person_id UUID NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT reminders_pkey PRIMARY KEY (person_id),
  CONSTRAINT reminders_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX reminders_due_at ON reminders (due_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON reminders TO kosh_app;
CREATE TABLE subscriptions (
  person_id UUID NOT NULL,
  topic TEXT NOT NULL,
  discreet BOOLEAN DEFAULT false NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT subscriptions_pkey PRIMARY KEY (person_id, topic),
  CONSTRAINT subscriptions_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX subscriptions_topic ON subscriptions (topic);
CREATE TABLE traits (
  person_id UUID NOT NULL,
  kind TEXT NOT NULL,
  token BYTEA NOT NULL,
  CONSTRAINT traits_pkey PRIMARY KEY (person_id, kind),
  CONSTRAINT traits_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX traits_kind_token ON traits (kind, token);
GRANT SELECT, INSERT, UPDATE, DELETE ON subscriptions, traits TO kosh_app;
GRANT SELECT (person_id) ON subscriptions TO kosh_retention;
GRANT SELECT (person_id, blocked) ON handles TO kosh_retention;
ALTER TABLE handles ADD COLUMN IF NOT EXISTS index_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE people ADD COLUMN IF NOT EXISTS pin BYTEA, ADD COLUMN IF NOT EXISTS pin_misses INTEGER NOT NULL DEFAULT 0;
GRANT UPDATE (pin, pin_misses) ON people TO kosh_console;
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
GRANT SELECT (id, person_id, registration_id, paper, state, media_type, pages, created_at, state_at)
  ON uploads TO kosh_console;
GRANT UPDATE (state, registration_id, due_at, state_at) ON uploads TO kosh_console;
GRANT SELECT ON upload_chunks TO kosh_console;
ALTER TABLE uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload_chunks ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_all ON uploads TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON upload_chunks TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY retention_all ON uploads TO kosh_retention USING (true);
CREATE POLICY console_open ON uploads TO kosh_console USING (EXISTS (
  SELECT FROM cases k WHERE k.person_id = uploads.person_id AND k.state <> 'resolved'));
CREATE POLICY console_open ON upload_chunks FOR SELECT TO kosh_console USING (EXISTS (
  SELECT FROM uploads u WHERE u.id = upload_chunks.upload_id));
CREATE FUNCTION kosh_paper_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
DECLARE
  place record;
BEGIN
  FOR place IN SELECT k.id, k.mission FROM public.cases k
    WHERE k.person_id = NEW.person_id AND k.state <> 'resolved' LOOP
    PERFORM pg_advisory_xact_lock(5273851920481);
    INSERT INTO public.case_events (case_id, mission, kind) VALUES (place.id, place.mission, 'paper');
    PERFORM pg_notify('kosh_case', place.mission);
  END LOOP;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION kosh_paper_event() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER uploads_told AFTER INSERT OR UPDATE OF state ON uploads
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_paper_event();
CREATE TABLE case_readers (
  case_id UUID NOT NULL,
  officer UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT case_readers_pkey PRIMARY KEY (case_id, officer),
  CONSTRAINT case_readers_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE
);
GRANT SELECT, INSERT, UPDATE, DELETE ON case_readers TO kosh_app;
GRANT SELECT, INSERT, UPDATE ON case_readers TO kosh_console;
ALTER TABLE case_readers ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_all ON case_readers TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY console_case ON case_readers TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.id = case_id))
  WITH CHECK (EXISTS (SELECT FROM cases WHERE cases.id = case_id)
    AND officer::text = current_setting('kosh.officer', true));
CREATE CONSTRAINT TRIGGER case_readers_told AFTER INSERT ON case_readers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_case_event('reader');
CREATE CONSTRAINT TRIGGER case_readers_back AFTER UPDATE ON case_readers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.at > OLD.at + interval '1 minute')
  EXECUTE FUNCTION kosh_case_event('reader');
ALTER TABLE missions ADD COLUMN gives BOOLEAN DEFAULT false NOT NULL;
CREATE TABLE glass (
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  mission TEXT NOT NULL,
  asked_by UUID NOT NULL,
  reason TEXT NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  granted_by UUID,
  until TIMESTAMP WITH TIME ZONE,
  reviewed_by UUID,
  reviewed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT glass_pkey PRIMARY KEY (id),
  CONSTRAINT glass_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE,
  CONSTRAINT glass_two_people CHECK (granted_by <> asked_by AND reviewed_by <> asked_by)
);
CREATE INDEX glass_asked_at ON glass (asked_at);
CREATE INDEX glass_case_id ON glass (case_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON glass TO kosh_app;
DELETE FROM steps;
ALTER TABLE steps ADD COLUMN country TEXT DEFAULT '' NOT NULL;
ALTER TABLE steps DROP CONSTRAINT steps_pkey;
ALTER TABLE steps ADD CONSTRAINT steps_pkey PRIMARY KEY (flow, question, language, channel, country);
CREATE INDEX cases_listed ON cases (mission, (NOT urgent), (coalesce(answer_due, 'infinity')), opened_at, id)
  WHERE state <> 'resolved';
ALTER TABLE conversations ADD COLUMN standing TEXT[] NOT NULL DEFAULT '{}';
GRANT SELECT (standing), UPDATE (standing) ON conversations TO kosh_retention;
