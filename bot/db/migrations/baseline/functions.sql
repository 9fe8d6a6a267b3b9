-- Case events notify open pages of changes. The id is assigned at commit, under a lock:
-- ids become visible in ascending order, so a reader that has read up to one has missed none.
CREATE FUNCTION kosh_case_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
DECLARE
  changed_case uuid;
  changed_missions text[];
  changed_mission text;
BEGIN
  IF TG_TABLE_NAME <> 'cases' THEN
    changed_case := NEW.case_id;
    changed_missions := ARRAY(SELECT c.mission FROM public.cases c WHERE c.id = changed_case);
  ELSIF TG_OP = 'DELETE' THEN
    changed_case := OLD.id;
    changed_missions := ARRAY[OLD.mission];
  ELSE
    changed_case := NEW.id;
    changed_missions := ARRAY[NEW.mission];
    IF TG_OP = 'UPDATE' AND OLD.mission <> NEW.mission THEN
      changed_missions := changed_missions || OLD.mission;
    END IF;
  END IF;
  PERFORM pg_advisory_xact_lock(5273851920481);
  FOREACH changed_mission IN ARRAY changed_missions LOOP
    INSERT INTO public.case_events (case_id, mission, kind)
      VALUES (changed_case, changed_mission, TG_ARGV[0]);
    PERFORM pg_notify('kosh_case', changed_mission);
  END LOOP;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER cases_changed AFTER INSERT OR UPDATE ON cases
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_case_event('case');
CREATE CONSTRAINT TRIGGER cases_deleted AFTER DELETE ON cases
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state <> 'resolved')
  EXECUTE FUNCTION kosh_case_event('gone');
CREATE CONSTRAINT TRIGGER case_messages_added AFTER INSERT ON case_messages
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_case_event('words');
CREATE CONSTRAINT TRIGGER case_notes_added AFTER INSERT ON case_notes
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_case_event('note');
CREATE CONSTRAINT TRIGGER messages_state_changed AFTER UPDATE OF state ON messages
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.case_id IS NOT NULL)
  EXECUTE FUNCTION kosh_case_event('delivery');
CREATE CONSTRAINT TRIGGER case_viewers_added AFTER INSERT ON case_viewers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_case_event('reader');
-- Add an event only when an officer returns, not at each visit.
CREATE CONSTRAINT TRIGGER case_viewers_returned AFTER UPDATE ON case_viewers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.seen_at > OLD.seen_at + interval '1 minute') EXECUTE FUNCTION kosh_case_event('reader');

-- An upload's change is an event of each open case of its person.
CREATE FUNCTION kosh_upload_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
DECLARE
  open_case record;
BEGIN
  FOR open_case IN SELECT c.id, c.mission FROM public.cases c
    WHERE c.person_id = NEW.person_id AND c.state <> 'resolved' LOOP
    PERFORM pg_advisory_xact_lock(5273851920481);
    INSERT INTO public.case_events (case_id, mission, kind)
      VALUES (open_case.id, open_case.mission, 'paper');
    PERFORM pg_notify('kosh_case', open_case.mission);
  END LOOP;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER uploads_state_changed AFTER INSERT OR UPDATE OF state ON uploads
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kosh_upload_event();

-- Move a case to another mission: the console's policy on cases refuses any other way.
CREATE FUNCTION kosh_move_case(moved_case uuid, seen_version integer, new_mission text)
  RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE public.cases SET mission = new_mission, state = 'queued', owner = NULL,
    answer_due = NULL, return_due = NULL, snoozed_until = NULL, escalated_at = NULL,
    paused_at = NULL, waiting_since = coalesce(waiting_since, public.kosh_now()),
    version = version + 1, state_at = public.kosh_now()
  WHERE id = moved_case AND version = seen_version
    AND mission = current_setting('kosh.mission', true) AND state <> 'resolved';
  RETURN FOUND;
END $$;

-- Recipients by status: kept by triggers, so that no statement can forget them, and kept after the
-- recipients' rows are deleted.
CREATE FUNCTION kosh_count_recipients() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO public.broadcast_counts AS c (broadcast_id, channel, state, reason, count)
  SELECT broadcast_id, channel, state, reason, sum(difference) FROM (
    SELECT broadcast_id, channel, state, reason, 1 AS difference FROM new_rows
    UNION ALL SELECT broadcast_id, channel, state, reason, -1 FROM old_rows
  ) AS changes GROUP BY 1, 2, 3, 4 HAVING sum(difference) <> 0 ORDER BY 1, 2, 3, 4
  ON CONFLICT (broadcast_id, channel, state, reason) DO UPDATE SET count = c.count + excluded.count;
  INSERT INTO public.broadcast_minutes AS m (broadcast_id, minute, count)
  SELECT n.broadcast_id, date_trunc('minute', public.kosh_now()), count(*)
  FROM new_rows n JOIN old_rows o ON o.broadcast_id = n.broadcast_id AND o.seq = n.seq
  WHERE o.state = 'claimed' AND n.state = 'accepted' GROUP BY 1
  ON CONFLICT (broadcast_id, minute) DO UPDATE SET count = m.count + excluded.count;
  RETURN NULL;
END $$;

-- A recipient deleted before the message was sent counts as skipped; other counts stay.
CREATE FUNCTION kosh_count_deleted_recipients() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO public.broadcast_counts AS c (broadcast_id, channel, state, reason, count)
  SELECT d.broadcast_id, d.channel, d.state, d.reason, sum(d.difference) FROM (
    SELECT broadcast_id, channel, state, reason, -1 AS difference FROM old_rows
    WHERE state IN ('planned', 'held', 'claimed')
    UNION ALL SELECT broadcast_id, channel, 'skipped', 'erased', 1 FROM old_rows
    WHERE state IN ('planned', 'held', 'claimed')
  ) AS d JOIN public.broadcasts b ON b.id = d.broadcast_id
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (broadcast_id, channel, state, reason) DO UPDATE SET count = c.count + excluded.count;
  RETURN NULL;
END $$;

CREATE TRIGGER broadcast_recipients_updated AFTER UPDATE ON broadcast_recipients
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION kosh_count_recipients();
CREATE TRIGGER broadcast_recipients_deleted AFTER DELETE ON broadcast_recipients
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION kosh_count_deleted_recipients();

-- The end of quiet hours, if it is quiet in a zone at that moment; else NULL.
CREATE FUNCTION kosh_quiet_until(
  moment timestamptz, zone text, quiet_from time, quiet_until time
) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN quiet_from < quiet_until AND local::time >= quiet_from AND local::time < quiet_until
      THEN (local::date + quiet_until) AT TIME ZONE zone
    WHEN quiet_from > quiet_until AND local::time >= quiet_from
      THEN (local::date + 1 + quiet_until) AT TIME ZONE zone
    WHEN quiet_from > quiet_until AND local::time < quiet_until
      THEN (local::date + quiet_until) AT TIME ZONE zone
  END FROM (SELECT moment AT TIME ZONE zone AS local) AS clock
$$;

REVOKE ALL ON FUNCTION kosh_case_event(), kosh_upload_event(), kosh_count_recipients(),
  kosh_count_deleted_recipients(), kosh_move_case(uuid, integer, text) FROM PUBLIC;
