-- Rights of the roles; kosh_owner made everything, nobody else may change the schema.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kosh_app, kosh_retention, kosh_console;

-- kosh_app: turns and jobs.
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

-- kosh_retention: sees what it needs to find rows that are due, and deletes them. It writes nothing.
GRANT SELECT (id), DELETE ON people TO kosh_retention;
GRANT SELECT (person_id, updated_at) ON conversations TO kosh_retention;
GRANT SELECT (channel, key, at), DELETE ON updates TO kosh_retention;
GRANT SELECT (id, at), DELETE ON quarantine TO kosh_retention;
GRANT SELECT (id, state, done_at), DELETE ON messages TO kosh_retention;
GRANT SELECT (id, person_id, state, state_at), DELETE ON cases TO kosh_retention;
GRANT SELECT (id, person_id, state, state_at), DELETE ON registrations TO kosh_retention;
GRANT SELECT (seq, at), DELETE ON audit TO kosh_retention;

-- kosh_console: officers. Rows are limited below to the mission that a transaction has set.
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
-- FK checks and cascades run as the owner, past these policies.
CREATE POLICY console_person ON people TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.person_id = people.id));
CREATE POLICY console_registration ON registrations TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.person_id = registrations.person_id));
