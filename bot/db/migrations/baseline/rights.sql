-- Rights of the three roles of the program. kosh_owner owns everything; only it changes the schema.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kosh_app, kosh_retention, kosh_console;

-- kosh_app: turns and jobs. It cannot read officers' credentials: accounts, passkeys, sessions.
GRANT SELECT, INSERT, UPDATE, DELETE ON
  audience_attributes, break_glass_requests, broadcast_approvals, broadcast_recipients,
  broadcast_requests, broadcast_tests, broadcast_texts, broadcasts, canned_replies, case_actions,
  case_events, case_messages, case_notes, case_viewers, cases, channel_pauses, conversations,
  duty_messages, handles, messages, mission_holidays, mission_hours, missions, people,
  processed_updates, quarantined_updates, registrations, registry_writes, reminders, secure_links,
  subscriptions, upload_chunks, uploads
  TO kosh_app;
GRANT SELECT, INSERT, DELETE ON form_funnel TO kosh_app;
GRANT SELECT, INSERT, UPDATE ON officers TO kosh_app;
GRANT SELECT, INSERT ON audit_entries, broadcast_counts, consents, tombstones TO kosh_app;
GRANT SELECT, UPDATE ON audit_head TO kosh_app;
GRANT SELECT ON broadcast_minutes TO kosh_app;
-- The rollback guard reads it.
GRANT SELECT ON SEQUENCE messages_id_seq TO kosh_app;
-- The job queue. Identity columns need no right on their sequences; its own columns do.
GRANT SELECT, INSERT, UPDATE, DELETE ON
  procrastinate_events, procrastinate_jobs, procrastinate_periodic_defers, procrastinate_workers
  TO kosh_app;
GRANT USAGE, SELECT ON
  SEQUENCE procrastinate_events_id_seq, procrastinate_jobs_id_seq,
  procrastinate_periodic_defers_id_seq, procrastinate_workers_id_seq
  TO kosh_app;

-- kosh_retention: find rows that are due by the columns listed, and delete them.
GRANT SELECT (expires_at), DELETE ON account_links, secure_links TO kosh_retention;
GRANT SELECT (seq, created_at), DELETE ON audit_entries TO kosh_retention;
GRANT SELECT (broadcast_id), DELETE ON broadcast_recipients TO kosh_retention;
GRANT SELECT (broadcast_id, created_at), DELETE ON broadcast_requests TO kosh_retention;
GRANT SELECT (id, state, state_at) ON broadcasts TO kosh_retention;
GRANT SELECT (id, created_at), DELETE ON case_events, quarantined_updates TO kosh_retention;
GRANT SELECT (id, person_id, state, state_at), DELETE ON cases, registrations TO kosh_retention;
GRANT SELECT (created_at), DELETE ON console_sessions TO kosh_retention;
GRANT SELECT (person_id, updated_at) ON conversations TO kosh_retention;
GRANT SELECT (person_id, blocked, expires_at), DELETE ON handles TO kosh_retention;
GRANT SELECT (id, case_id, state, due_at, done_at), DELETE ON messages TO kosh_retention;
GRANT SELECT (id), DELETE ON people TO kosh_retention;
GRANT SELECT (channel, key, created_at), DELETE ON processed_updates TO kosh_retention;
GRANT SELECT (person_id) ON subscriptions TO kosh_retention;
GRANT SELECT (id, state, created_at, state_at), DELETE ON uploads TO kosh_retention;
-- The only column that retention writes: it removes ids of messages that are too old to delete.
GRANT SELECT (deletable_messages), UPDATE (deletable_messages) ON conversations TO kosh_retention;

-- kosh_console: officers. The policies below limit its rows to the mission of the transaction.
GRANT SELECT, INSERT, UPDATE, DELETE ON
  account_links, accounts, canned_replies, console_sessions, mission_holidays, mission_hours,
  missions, passkeys
  TO kosh_console;
GRANT SELECT, INSERT, DELETE ON secure_links TO kosh_console;
GRANT SELECT, INSERT, UPDATE ON case_viewers TO kosh_console;
GRANT SELECT, INSERT, UPDATE (state, body, done_at) ON messages TO kosh_console;
GRANT SELECT, INSERT, UPDATE (message_id) ON case_messages TO kosh_console;
GRANT SELECT, INSERT ON audit_entries, case_actions, case_notes TO kosh_console;
GRANT SELECT, UPDATE ON audit_head, cases, conversations TO kosh_console;
GRANT SELECT, UPDATE (pin, failed_pin_attempts) ON people TO kosh_console;
GRANT SELECT, UPDATE (shift_until) ON officers TO kosh_console;
GRANT SELECT ON case_events, form_funnel, handles, registrations, upload_chunks TO kosh_console;
GRANT SELECT (id, registration_id, number, kind, state, attempts, reason, created_at, done_at)
  ON registry_writes TO kosh_console;
GRANT SELECT
  (id, person_id, registration_id, paper, state, media_type, pages, created_at, state_at),
  UPDATE (state, registration_id, due_at, state_at) ON uploads TO kosh_console;
GRANT EXECUTE ON FUNCTION kosh_move_case(uuid, integer, text) TO kosh_console;

-- Row security, on every table with rows of one mission or person. Foreign keys and cascades run
-- as the owner, whom policies don't concern. kosh_app and kosh_retention see all rows.
DO $$
DECLARE
  secured text;
BEGIN
  FOREACH secured IN ARRAY ARRAY[
    'audit_entries', 'canned_replies', 'case_actions', 'case_events', 'case_messages',
    'case_notes', 'case_viewers', 'cases', 'conversations', 'handles', 'messages',
    'mission_holidays', 'mission_hours', 'missions', 'officers', 'people', 'registrations',
    'registry_writes', 'secure_links', 'upload_chunks', 'uploads'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', secured);
    EXECUTE format(
      'CREATE POLICY app_all ON %I TO kosh_app USING (true) WITH CHECK (true)', secured);
  END LOOP;
  FOREACH secured IN ARRAY ARRAY[
    'audit_entries', 'case_events', 'cases', 'conversations', 'handles', 'messages', 'people',
    'registrations', 'secure_links', 'uploads'
  ] LOOP
    EXECUTE format('CREATE POLICY retention_all ON %I TO kosh_retention USING (true)', secured);
  END LOOP;
  -- Rows of the officer's mission.
  FOREACH secured IN ARRAY ARRAY[
    'canned_replies', 'cases', 'mission_holidays', 'mission_hours', 'missions'
  ] LOOP
    EXECUTE format('CREATE POLICY console_mission ON %I TO kosh_console'
      ' USING (mission = current_setting(''kosh.mission'', true))', secured);
  END LOOP;
  -- Rows of a case that the policy on cases shows.
  FOREACH secured IN ARRAY ARRAY['case_actions', 'case_messages', 'case_notes'] LOOP
    EXECUTE format('CREATE POLICY console_case ON %I TO kosh_console'
      ' USING (EXISTS (SELECT FROM cases WHERE cases.id = case_id))', secured);
  END LOOP;
END $$;

CREATE POLICY console_mission ON case_events FOR SELECT TO kosh_console
  USING (mission = current_setting('kosh.mission', true));
CREATE POLICY console_case ON case_viewers TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.id = case_id))
  WITH CHECK (EXISTS (SELECT FROM cases WHERE cases.id = case_id)
    AND officer::text = current_setting('kosh.officer', true));

-- People, registrations and messages stay readable with their cases; conversations, handles, links
-- and uploads only while a case is open.
CREATE POLICY console_person ON people TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.person_id = people.id));
CREATE POLICY console_registration ON registrations TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.person_id = registrations.person_id));
CREATE POLICY console_registration ON registry_writes FOR SELECT TO kosh_console USING (EXISTS (
  SELECT FROM registrations r WHERE r.id = registry_writes.registration_id));
CREATE POLICY console_person ON messages FOR SELECT TO kosh_console USING (EXISTS (
  SELECT FROM cases c WHERE c.person_id = messages.person_id));
CREATE POLICY console_open ON messages FOR INSERT TO kosh_console WITH CHECK (EXISTS (
  SELECT FROM cases c WHERE c.person_id = messages.person_id AND c.state <> 'resolved'));
CREATE POLICY console_cancel ON messages FOR UPDATE TO kosh_console USING (EXISTS (
  SELECT FROM cases c WHERE c.person_id = messages.person_id AND c.state <> 'resolved'));
CREATE POLICY console_open ON conversations TO kosh_console USING (EXISTS (
  SELECT FROM cases c WHERE c.person_id = conversations.person_id AND c.state <> 'resolved'));
CREATE POLICY console_open ON handles FOR SELECT TO kosh_console USING (EXISTS (
  SELECT FROM cases c WHERE c.person_id = handles.person_id AND c.state <> 'resolved'));
CREATE POLICY console_open ON secure_links TO kosh_console USING (EXISTS (
  SELECT FROM cases c WHERE c.person_id = secure_links.person_id AND c.state <> 'resolved'));
CREATE POLICY console_open ON uploads TO kosh_console USING (EXISTS (
  SELECT FROM cases c WHERE c.person_id = uploads.person_id AND c.state <> 'resolved'));
CREATE POLICY console_open ON upload_chunks FOR SELECT TO kosh_console USING (EXISTS (
  SELECT FROM uploads u WHERE u.id = upload_chunks.upload_id));

-- Officers see one another, change their own shift, and write the audit log as themselves.
CREATE POLICY console_read ON officers FOR SELECT TO kosh_console USING (true);
CREATE POLICY console_own ON officers FOR UPDATE TO kosh_console
  USING (id::text = current_setting('kosh.officer', true));
CREATE POLICY console_read ON audit_entries FOR SELECT TO kosh_console USING (
  actor = current_setting('kosh.officer', true) OR current_setting('kosh.audits', true) = 'yes');
CREATE POLICY console_own ON audit_entries FOR INSERT TO kosh_console
  WITH CHECK (actor = current_setting('kosh.officer', true));
