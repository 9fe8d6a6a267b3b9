-- Officers: what they are, what they may see to, how long they are at work.
ALTER TABLE officers ADD COLUMN roles TEXT[] DEFAULT '{officer}' NOT NULL;
ALTER TABLE officers ADD COLUMN languages TEXT[] DEFAULT '{}' NOT NULL;
ALTER TABLE officers ADD COLUMN topics TEXT[] DEFAULT '{}' NOT NULL;
ALTER TABLE officers ADD COLUMN shift_until TIMESTAMP WITH TIME ZONE;
GRANT UPDATE ON officers TO kosh_app;

-- Cases: a number to say aloud, what is awaited until when, what became of it.
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

-- Working time, as data: hours in the week, days that are otherwise, what is promised.
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

-- What changed, for pages that are open. The number is drawn at commit, under a lock, so that the
-- order of numbers is the order in which they can be seen: who has read up to one has missed none.
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

-- A case leaves for another mission only through here: the policy below lets nobody write it away.
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

-- Rights.
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

-- Rows. Programs and retention see all; the console sees one mission's.
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

-- While a case is open its mission reaches the conversation; afterwards only the case itself.
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
