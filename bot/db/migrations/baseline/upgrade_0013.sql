-- Upgrades from revision 0013, the last before the baseline, to the baseline's tables. Triggers, functions,
-- policies and grants are then made as for a new database.
LOCK TABLE conversations;

-- A table's constraints, indexes and sequences carry its name.
DO $$
DECLARE
  was text;
  now text;
  part text;
BEGIN
  FOR was, now IN VALUES
    ('updates', 'processed_updates'),
    ('quarantine', 'quarantined_updates'),
    ('case_words', 'case_messages'),
    ('notes', 'case_notes'),
    ('case_readers', 'case_viewers'),
    ('glass', 'break_glass_requests'),
    ('holidays', 'mission_holidays'),
    ('canned', 'canned_replies'),
    ('duty_cards', 'duty_messages'),
    ('steps', 'form_funnel'),
    ('links', 'secure_links'),
    ('traits', 'audience_attributes'),
    ('recipients', 'broadcast_recipients'),
    ('approvals', 'broadcast_approvals'),
    ('platform_pauses', 'channel_pauses'),
    ('audit', 'audit_entries')
  LOOP
    EXECUTE format('ALTER TABLE %I RENAME TO %I', was, now);
    FOR part IN SELECT conname FROM pg_constraint
      WHERE conrelid = now::regclass AND starts_with(conname, was || '_') LOOP
      EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I',
        now, part, now || substr(part, length(was) + 1));
    END LOOP;
    FOR part IN SELECT indexname FROM pg_indexes
      WHERE tablename = now AND starts_with(indexname, was || '_')
      AND NOT starts_with(indexname, now || '_') LOOP
      EXECUTE format('ALTER INDEX %I RENAME TO %I', part, now || substr(part, length(was) + 1));
    END LOOP;
    FOR part IN SELECT relname FROM pg_class JOIN pg_depend ON objid = pg_class.oid
      WHERE relkind = 'S' AND refobjid = now::regclass LOOP
      EXECUTE format('ALTER SEQUENCE %I RENAME TO %I', part, now || substr(part, length(was) + 1));
    END LOOP;
  END LOOP;
END $$;

ALTER TABLE accounts RENAME misses TO failed_attempts;
ALTER TABLE audit_entries RENAME at TO created_at;
ALTER TABLE audit_head RENAME one TO singleton;
ALTER TABLE break_glass_requests RENAME until TO expires_at;
ALTER TABLE broadcast_approvals RENAME at TO created_at;
ALTER TABLE broadcast_recipients RENAME at TO state_at;
ALTER TABLE broadcast_requests RENAME at TO created_at;
ALTER TABLE broadcast_tests RENAME at TO sent_at;
ALTER TABLE broadcasts RENAME agreed TO approved_content;
ALTER TABLE broadcasts RENAME why TO urgent_reason;
ALTER TABLE case_actions RENAME at TO created_at;
ALTER TABLE case_events RENAME at TO created_at;
ALTER TABLE case_messages RENAME at TO created_at;
ALTER TABLE case_messages RENAME canned TO canned_reply;
ALTER TABLE case_notes RENAME at TO created_at;
ALTER TABLE case_viewers RENAME at TO seen_at;
ALTER TABLE channel_pauses RENAME until TO expires_at;
ALTER TABLE consents RENAME at TO created_at;
ALTER TABLE console_sessions RENAME strength TO auth_method;
ALTER TABLE conversations RENAME epoch TO ownership_version;
ALTER TABLE conversations RENAME standing TO deletable_messages;
ALTER TABLE duty_messages RENAME at TO updated_at;
ALTER TABLE form_funnel RENAME at TO counted_at;
ALTER TABLE form_funnel RENAME place TO position;
ALTER TABLE form_funnel RENAME reached TO entered;
ALTER TABLE form_funnel RENAME staying TO stopped;
ALTER TABLE handles RENAME bidx TO blind_index;
ALTER TABLE handles RENAME until TO expires_at;
ALTER TABLE messages RENAME epoch TO ownership_version;
ALTER TABLE messages RENAME price TO billing_category;
ALTER TABLE messages RENAME receipt TO delivery_status;
ALTER TABLE messages RENAME receipt_at TO delivery_status_at;
ALTER TABLE missions RENAME gives TO auto_assign;
ALTER TABLE missions RENAME return_minutes TO claim_timeout_minutes;
ALTER TABLE people RENAME key_epoch TO key_version;
ALTER TABLE people RENAME pin_misses TO failed_pin_attempts;
ALTER TABLE processed_updates RENAME at TO created_at;
ALTER TABLE quarantined_updates RENAME at TO created_at;
ALTER TABLE quarantined_updates DROP body;
ALTER TABLE registrations RENAME answers_gone TO answers_deleted;
ALTER TABLE subscriptions RENAME at TO created_at;
ALTER TABLE tombstones RENAME at TO created_at;
ALTER TABLE tombstones RENAME mark TO hash;
ALTER TABLE uploads RENAME mark TO hash;

ALTER INDEX audit_entries_actor_at RENAME TO audit_entries_actor_created_at;
ALTER INDEX audit_entries_subject RENAME TO audit_entries_subject_seq;
ALTER INDEX broadcast_recipients_listed RENAME TO broadcast_recipients_broadcast_id_state_seq;
ALTER INDEX broadcast_recipients_once RENAME TO broadcast_recipients_person_id_broadcast_id;
ALTER INDEX broadcast_recipients_reach RENAME TO broadcast_recipients_templates;
ALTER INDEX case_events_at RENAME TO case_events_created_at;
ALTER INDEX processed_updates_at RENAME TO processed_updates_created_at;
ALTER INDEX quarantined_updates_key RENAME TO quarantined_updates_channel_key;

-- From PostgreSQL 18 on, NOT NULL is a constraint, named after table and column.
DO $$
DECLARE
  named record;
BEGIN
  FOR named IN SELECT relname, conname, format('%s_%s_not_null', relname, attname) AS name
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE contype = 'n' AND relnamespace = 'public'::regnamespace
    AND conname <> format('%s_%s_not_null', relname, attname) AND relname !~ '^procrastinate_' LOOP
    EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I',
      named.relname, named.conname, named.name);
  END LOOP;
END $$;

DROP FUNCTION kosh_case_event, kosh_paper_event, kosh_count_recipients, kosh_count_erased CASCADE;
DROP FUNCTION kosh_move_case, kosh_quiet_until;
DO $$
DECLARE
  policy record;
BEGIN
  FOR policy IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP POLICY %I ON %I', policy.policyname, policy.tablename);
  END LOOP;
END $$;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM kosh_app, kosh_retention, kosh_console;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM kosh_app, kosh_retention, kosh_console;
