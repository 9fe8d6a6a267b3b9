-- Papers as the desk sees them: of people whose case is open there; bytes only to be looked at.
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

-- A page that is open hears that a paper moved.
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

-- Who looks at a case just now. It is told when somebody comes, not each time they look again.
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

-- A mission may let cases be given to whoever is on shift, instead of waiting to be taken.
ALTER TABLE missions ADD COLUMN gives BOOLEAN DEFAULT false NOT NULL;

-- Breaking the glass: a case is opened to an administrator who may not see any, by a second one.
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

-- Where people are in the form, by the country they live in too.
DELETE FROM steps;
ALTER TABLE steps ADD COLUMN country TEXT DEFAULT '' NOT NULL;
ALTER TABLE steps DROP CONSTRAINT steps_pkey;
ALTER TABLE steps ADD CONSTRAINT steps_pkey PRIMARY KEY (flow, question, language, channel, country);

-- The list of a mission's open cases in its own order, however many are closed.
CREATE INDEX cases_listed ON cases (mission, (NOT urgent), (coalesce(answer_due, 'infinity')), opened_at, id)
  WHERE state <> 'resolved';
