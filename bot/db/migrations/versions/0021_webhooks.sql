-- Events for external systems are queued by triggers in the transaction of the change, so that no
-- statement can forget them. A row contains only ids and states that the system may read anyway.
CREATE FUNCTION kosh_queue_webhooks(
  event_type text, owners uuid[], about text, new_state text
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH event AS MATERIALIZED (SELECT gen_random_uuid() AS id)
  INSERT INTO public.webhook_deliveries (endpoint_id, event_id, type, subject, subject_state)
  SELECT e.id, event.id, event_type, about, new_state
  FROM public.webhook_endpoints e CROSS JOIN event
  WHERE e.state = 'active' AND event_type = ANY (e.events)
    AND (owners IS NULL OR e.officer_id = ANY (owners))
$$;

-- The case of an invitation was opened.
CREATE FUNCTION kosh_invitation_webhook() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM public.kosh_queue_webhooks(
    'case.state_changed', ARRAY[NEW.officer_id], NEW.id::text, 'open');
  RETURN NULL;
END $$;

-- It was closed, opened again, or deleted while it was open. After a deletion the invitation no
-- longer refers to the case, so that trigger runs before it.
CREATE FUNCTION kosh_case_webhook() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  invitation record;
  new_state text := 'closed';
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.state <> 'resolved' THEN
    new_state := 'open';
  END IF;
  FOR invitation IN
    SELECT i.id, i.officer_id FROM public.case_invitations i WHERE i.case_id = OLD.id
  LOOP
    PERFORM public.kosh_queue_webhooks('case.state_changed', ARRAY[invitation.officer_id],
      invitation.id::text, new_state);
  END LOOP;
  RETURN OLD;
END $$;

-- The state of an announcement that the system wrote or created.
CREATE FUNCTION kosh_announcement_webhook() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM public.kosh_queue_webhooks('announcement.state_changed',
    NEW.author || ARRAY(SELECT r.officer FROM public.broadcast_requests r
      WHERE r.broadcast_id = NEW.id), NEW.id::text, NEW.state);
  RETURN NULL;
END $$;

-- Published content is public, so the event is for every account.
CREATE FUNCTION kosh_content_webhook() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM public.kosh_queue_webhooks('content.published', NULL, NEW.version::text, '');
  RETURN NULL;
END $$;

CREATE TRIGGER case_invitations_webhook AFTER UPDATE OF case_id ON case_invitations
  FOR EACH ROW WHEN (OLD.case_id IS NULL AND NEW.case_id IS NOT NULL)
  EXECUTE FUNCTION kosh_invitation_webhook();
CREATE TRIGGER cases_webhook AFTER UPDATE OF state ON cases
  FOR EACH ROW WHEN ((OLD.state = 'resolved') <> (NEW.state = 'resolved'))
  EXECUTE FUNCTION kosh_case_webhook();
CREATE TRIGGER cases_deleted_webhook BEFORE DELETE ON cases
  FOR EACH ROW WHEN (OLD.state <> 'resolved') EXECUTE FUNCTION kosh_case_webhook();
CREATE TRIGGER broadcasts_webhook AFTER UPDATE OF state ON broadcasts
  FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION kosh_announcement_webhook();
CREATE TRIGGER content_head_webhook AFTER UPDATE OF version ON content_head
  FOR EACH ROW EXECUTE FUNCTION kosh_content_webhook();

REVOKE ALL ON FUNCTION kosh_queue_webhooks(text, uuid[], text, text), kosh_invitation_webhook(),
  kosh_case_webhook(), kosh_announcement_webhook(), kosh_content_webhook() FROM PUBLIC;

-- Only the role kosh_app may read these tables, like those of tokens; the console's role needs no access.
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints, webhook_deliveries TO kosh_app;
GRANT SELECT (state, done_at), DELETE ON webhook_deliveries TO kosh_retention;
GRANT SELECT (old_secret_until), UPDATE (old_secret, old_secret_until) ON webhook_endpoints
  TO kosh_retention;
