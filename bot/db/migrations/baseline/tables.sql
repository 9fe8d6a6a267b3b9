-- Deadlines are in database time. Test databases replace this function by one with an offset.
CREATE FUNCTION kosh_now() RETURNS timestamptz LANGUAGE sql VOLATILE
  RETURN clock_timestamp();

CREATE TABLE audit_entries (
  seq BIGINT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  hash BYTEA NOT NULL,
  detail TEXT DEFAULT '' NOT NULL,
  CONSTRAINT audit_entries_pkey PRIMARY KEY (seq)
);
CREATE INDEX audit_entries_actor_created_at ON audit_entries (actor, created_at);
CREATE INDEX audit_entries_subject_seq ON audit_entries (subject, seq);

CREATE TABLE audit_head (
  singleton BOOLEAN NOT NULL,
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT audit_head_pkey PRIMARY KEY (singleton)
);

CREATE TABLE canned_replies (
  mission TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  body TEXT NOT NULL,
  version INTEGER NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT canned_replies_pkey PRIMARY KEY (mission, name, language)
);

CREATE TABLE case_events (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  case_id UUID NOT NULL,
  mission TEXT NOT NULL,
  kind TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT case_events_pkey PRIMARY KEY (id)
);
CREATE INDEX case_events_created_at ON case_events (created_at);
CREATE INDEX case_events_mission_id ON case_events (mission, id);

CREATE TABLE channel_pauses (
  channel TEXT NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  reason TEXT NOT NULL,
  CONSTRAINT channel_pauses_pkey PRIMARY KEY (channel)
);

CREATE TABLE duty_messages (
  chat TEXT NOT NULL,
  external_id TEXT DEFAULT '' NOT NULL,
  digest BYTEA DEFAULT '' NOT NULL,
  urgent INTEGER DEFAULT 0 NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT duty_messages_pkey PRIMARY KEY (chat)
);

CREATE TABLE form_funnel (
  flow TEXT NOT NULL,
  question TEXT NOT NULL,
  position INTEGER NOT NULL,
  language TEXT NOT NULL,
  channel TEXT NOT NULL,
  entered INTEGER NOT NULL,
  stopped INTEGER NOT NULL,
  counted_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  country TEXT DEFAULT '' NOT NULL,
  CONSTRAINT form_funnel_pkey PRIMARY KEY (flow, question, language, channel, country)
);

CREATE TABLE missions (
  mission TEXT NOT NULL,
  zone TEXT NOT NULL,
  first_minutes INTEGER NOT NULL,
  next_minutes INTEGER NOT NULL,
  resolve_minutes INTEGER NOT NULL,
  claim_timeout_minutes INTEGER NOT NULL,
  duty_chat TEXT DEFAULT '' NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  auto_assign BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT missions_pkey PRIMARY KEY (mission)
);

CREATE TABLE officers (
  id UUID NOT NULL,
  name TEXT NOT NULL,
  mission TEXT NOT NULL,
  active BOOLEAN DEFAULT true NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  roles TEXT[] DEFAULT '{officer}' NOT NULL,
  languages TEXT[] DEFAULT '{}' NOT NULL,
  topics TEXT[] DEFAULT '{}' NOT NULL,
  shift_until TIMESTAMP WITH TIME ZONE,
  CONSTRAINT officers_pkey PRIMARY KEY (id),
  CONSTRAINT officers_name_key UNIQUE (name)
);

CREATE TABLE people (
  id UUID NOT NULL,
  key BYTEA NOT NULL,
  key_version INTEGER NOT NULL,
  mission TEXT,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  pin BYTEA,
  failed_pin_attempts INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT people_pkey PRIMARY KEY (id)
);

CREATE TABLE processed_updates (
  channel TEXT NOT NULL,
  key BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT processed_updates_pkey PRIMARY KEY (channel, key)
);
CREATE INDEX processed_updates_created_at ON processed_updates (created_at);

CREATE TABLE quarantined_updates (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  channel TEXT NOT NULL,
  key BYTEA NOT NULL,
  reason TEXT NOT NULL,
  size INTEGER NOT NULL,
  attempts INTEGER DEFAULT 1 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT quarantined_updates_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX quarantined_updates_channel_key ON quarantined_updates (channel, key);

CREATE TABLE tombstones (
  hash BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT tombstones_pkey PRIMARY KEY (hash)
);

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

CREATE TABLE accounts (
  officer_id UUID NOT NULL,
  password BYTEA,
  totp BYTEA,
  totp_step BIGINT DEFAULT 0 NOT NULL,
  subject BYTEA,
  failed_attempts INTEGER DEFAULT 0 NOT NULL,
  locked_until TIMESTAMP WITH TIME ZONE,
  language TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT accounts_pkey PRIMARY KEY (officer_id),
  CONSTRAINT accounts_officer_id_fkey FOREIGN KEY (officer_id)
    REFERENCES officers (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX accounts_subject ON accounts (subject);

CREATE TABLE audience_attributes (
  person_id UUID NOT NULL,
  kind TEXT NOT NULL,
  token BYTEA NOT NULL,
  CONSTRAINT audience_attributes_pkey PRIMARY KEY (person_id, kind),
  CONSTRAINT audience_attributes_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX audience_attributes_kind_token ON audience_attributes (kind, token);

CREATE TABLE broadcasts (
  id UUID NOT NULL,
  number BIGINT GENERATED ALWAYS AS IDENTITY,
  purpose TEXT NOT NULL,
  topic TEXT NOT NULL,
  urgent_reason TEXT DEFAULT '' NOT NULL,
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
  approved_content JSONB,
  total INTEGER,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  state_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT broadcasts_pkey PRIMARY KEY (id),
  CONSTRAINT broadcasts_author_fkey FOREIGN KEY (author) REFERENCES officers (id)
);
CREATE UNIQUE INDEX broadcasts_number ON broadcasts (number);
CREATE INDEX broadcasts_open ON broadcasts (state_at)
  WHERE state IN ('scheduled', 'running', 'paused', 'cancelled');
CREATE INDEX broadcasts_text_hash ON broadcasts (text_hash);

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
  number BIGINT GENERATED ALWAYS AS IDENTITY,
  country TEXT DEFAULT '' NOT NULL,
  waiting_since TIMESTAMP WITH TIME ZONE DEFAULT kosh_now(),
  answer_due TIMESTAMP WITH TIME ZONE,
  resolve_due TIMESTAMP WITH TIME ZONE,
  return_due TIMESTAMP WITH TIME ZONE,
  paused_at TIMESTAMP WITH TIME ZONE,
  snoozed_until TIMESTAMP WITH TIME ZONE,
  escalated_at TIMESTAMP WITH TIME ZONE,
  answered_at TIMESTAMP WITH TIME ZONE,
  answer_minutes INTEGER,
  returned INTEGER DEFAULT 0 NOT NULL,
  rating TEXT,
  CONSTRAINT cases_pkey PRIMARY KEY (id),
  CONSTRAINT cases_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE,
  CONSTRAINT cases_owner_fkey FOREIGN KEY (owner) REFERENCES officers (id)
);
CREATE INDEX cases_answered ON cases (mission, answered_at) WHERE answered_at IS NOT NULL;
CREATE INDEX cases_closed ON cases (mission, state_at DESC) WHERE state = 'resolved';
CREATE INDEX cases_listed ON cases
  (mission, (NOT urgent), (coalesce(answer_due, 'infinity')), opened_at, id)
  WHERE state <> 'resolved';
CREATE UNIQUE INDEX cases_number ON cases (number);
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
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT consents_pkey PRIMARY KEY (id),
  CONSTRAINT consents_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX consents_person_id ON consents (person_id);

CREATE TABLE console_sessions (
  id UUID NOT NULL,
  token BYTEA NOT NULL,
  officer_id UUID NOT NULL,
  auth_method TEXT NOT NULL,
  device TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT console_sessions_pkey PRIMARY KEY (id),
  CONSTRAINT console_sessions_officer_id_fkey FOREIGN KEY (officer_id)
    REFERENCES officers (id) ON DELETE CASCADE
);
CREATE INDEX console_sessions_created_at ON console_sessions (created_at);
CREATE INDEX console_sessions_officer_id ON console_sessions (officer_id);
CREATE UNIQUE INDEX console_sessions_token ON console_sessions (token);

-- Free space in pages, and no index on columns that each turn changes: updates stay HOT.
CREATE TABLE conversations (
  person_id UUID NOT NULL,
  state BYTEA NOT NULL,
  channel TEXT NOT NULL,
  language TEXT NOT NULL,
  quiet BOOLEAN DEFAULT false NOT NULL,
  ownership_version INTEGER DEFAULT 0 NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  deletable_messages TEXT[] DEFAULT '{}' NOT NULL,
  CONSTRAINT conversations_pkey PRIMARY KEY (person_id),
  CONSTRAINT conversations_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
) WITH (fillfactor = 60);

CREATE TABLE handles (
  channel TEXT NOT NULL,
  blind_index BYTEA NOT NULL,
  person_id UUID NOT NULL,
  address BYTEA NOT NULL,
  blocked BOOLEAN DEFAULT false NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  home TEXT,
  expires_at TIMESTAMP WITH TIME ZONE,
  spoke_at TIMESTAMP WITH TIME ZONE,
  index_version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT handles_pkey PRIMARY KEY (channel, blind_index),
  CONSTRAINT handles_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX handles_person_id ON handles (person_id);

CREATE TABLE mission_holidays (
  mission TEXT NOT NULL,
  day DATE NOT NULL,
  works_as INTEGER,
  CONSTRAINT mission_holidays_pkey PRIMARY KEY (mission, day),
  CONSTRAINT mission_holidays_mission_fkey FOREIGN KEY (mission)
    REFERENCES missions (mission) ON DELETE CASCADE
);

CREATE TABLE mission_hours (
  mission TEXT NOT NULL,
  weekday INTEGER NOT NULL,
  opens TIME WITHOUT TIME ZONE NOT NULL,
  closes TIME WITHOUT TIME ZONE NOT NULL,
  CONSTRAINT mission_hours_pkey PRIMARY KEY (mission, weekday, opens),
  CONSTRAINT mission_hours_mission_fkey FOREIGN KEY (mission)
    REFERENCES missions (mission) ON DELETE CASCADE
);

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

CREATE TABLE registrations (
  id UUID NOT NULL,
  person_id UUID,
  state TEXT NOT NULL,
  number TEXT,
  version INTEGER DEFAULT 0 NOT NULL,
  answers_deleted BOOLEAN DEFAULT false NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  state_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT registrations_pkey PRIMARY KEY (id),
  CONSTRAINT registrations_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX registrations_number ON registrations (number);
CREATE INDEX registrations_person_id ON registrations (person_id);

CREATE TABLE reminders (
  person_id UUID NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT reminders_pkey PRIMARY KEY (person_id),
  CONSTRAINT reminders_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX reminders_due_at ON reminders (due_at);

CREATE TABLE secure_links (
  token BYTEA NOT NULL,
  person_id UUID NOT NULL,
  channel TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT secure_links_pkey PRIMARY KEY (token),
  CONSTRAINT secure_links_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX secure_links_expires_at ON secure_links (expires_at);
CREATE INDEX secure_links_person_id ON secure_links (person_id);

CREATE TABLE subscriptions (
  person_id UUID NOT NULL,
  topic TEXT NOT NULL,
  discreet BOOLEAN DEFAULT false NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT subscriptions_pkey PRIMARY KEY (person_id, topic),
  CONSTRAINT subscriptions_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX subscriptions_topic ON subscriptions (topic);

CREATE TABLE break_glass_requests (
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  mission TEXT NOT NULL,
  asked_by UUID NOT NULL,
  reason TEXT NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  granted_by UUID,
  expires_at TIMESTAMP WITH TIME ZONE,
  reviewed_by UUID,
  reviewed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT break_glass_requests_pkey PRIMARY KEY (id),
  CONSTRAINT break_glass_requests_two_people
    CHECK (granted_by <> asked_by AND reviewed_by <> asked_by),
  CONSTRAINT break_glass_requests_case_id_fkey FOREIGN KEY (case_id)
    REFERENCES cases (id) ON DELETE CASCADE
);
CREATE INDEX break_glass_requests_asked_at ON break_glass_requests (asked_at);
CREATE INDEX break_glass_requests_case_id ON break_glass_requests (case_id);

-- The author of a text cannot approve it.
CREATE TABLE broadcast_approvals (
  broadcast_id UUID NOT NULL,
  officer UUID NOT NULL,
  author UUID NOT NULL,
  content_hash BYTEA NOT NULL,
  audience INTEGER NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT broadcast_approvals_pkey PRIMARY KEY (broadcast_id, officer),
  CONSTRAINT broadcast_approvals_four_eyes CHECK (officer <> author),
  CONSTRAINT broadcast_approvals_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE,
  CONSTRAINT broadcast_approvals_officer_fkey FOREIGN KEY (officer) REFERENCES officers (id)
);

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

-- `seq` is a random order, so that the first recipients are a sample of all. Every key begins with
-- the broadcast, so that the table can be partitioned by it.
CREATE TABLE broadcast_recipients (
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
  state_at TIMESTAMP WITH TIME ZONE,
  external_id TEXT,
  CONSTRAINT broadcast_recipients_pkey PRIMARY KEY (broadcast_id, seq),
  CONSTRAINT broadcast_recipients_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE,
  CONSTRAINT broadcast_recipients_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX broadcast_recipients_broadcast_id_state_seq ON broadcast_recipients
  (broadcast_id, state, seq);
CREATE INDEX broadcast_recipients_held ON broadcast_recipients (broadcast_id, not_before)
  WHERE state = 'held';
CREATE UNIQUE INDEX broadcast_recipients_person_id_broadcast_id ON broadcast_recipients
  (person_id, broadcast_id);
CREATE INDEX broadcast_recipients_templates ON broadcast_recipients (state_at) WHERE template;

CREATE TABLE broadcast_requests (
  officer UUID NOT NULL,
  key TEXT NOT NULL,
  digest BYTEA NOT NULL,
  broadcast_id UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT broadcast_requests_pkey PRIMARY KEY (officer, key),
  CONSTRAINT broadcast_requests_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE
);

CREATE TABLE broadcast_tests (
  broadcast_id UUID NOT NULL,
  language TEXT NOT NULL,
  hash BYTEA NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT broadcast_tests_pkey PRIMARY KEY (broadcast_id, language),
  CONSTRAINT broadcast_tests_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE
);

CREATE TABLE broadcast_texts (
  broadcast_id UUID NOT NULL,
  language TEXT NOT NULL,
  body TEXT NOT NULL,
  template TEXT DEFAULT '' NOT NULL,
  CONSTRAINT broadcast_texts_pkey PRIMARY KEY (broadcast_id, language),
  CONSTRAINT broadcast_texts_broadcast_id_fkey FOREIGN KEY (broadcast_id)
    REFERENCES broadcasts (id) ON DELETE CASCADE
);

CREATE TABLE case_actions (
  officer UUID NOT NULL,
  key TEXT NOT NULL,
  case_id UUID NOT NULL,
  action TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT case_actions_pkey PRIMARY KEY (officer, key),
  CONSTRAINT case_actions_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE
);
CREATE INDEX case_actions_case_id ON case_actions (case_id);

CREATE TABLE case_messages (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  case_id UUID NOT NULL,
  person_id UUID NOT NULL,
  officer UUID,
  body BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  message_id BIGINT,
  canned_reply TEXT,
  CONSTRAINT case_messages_pkey PRIMARY KEY (id),
  CONSTRAINT case_messages_case_id_fkey FOREIGN KEY (case_id)
    REFERENCES cases (id) ON DELETE CASCADE,
  CONSTRAINT case_messages_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX case_messages_case_id_id ON case_messages (case_id, id);

CREATE TABLE case_notes (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  case_id UUID NOT NULL,
  person_id UUID NOT NULL,
  officer UUID NOT NULL,
  body BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT case_notes_pkey PRIMARY KEY (id),
  CONSTRAINT case_notes_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE,
  CONSTRAINT case_notes_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE
);
CREATE INDEX case_notes_case_id_id ON case_notes (case_id, id);

CREATE TABLE case_viewers (
  case_id UUID NOT NULL,
  officer UUID NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
  CONSTRAINT case_viewers_pkey PRIMARY KEY (case_id, officer),
  CONSTRAINT case_viewers_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE
);

-- The predicate of `messages_due` differs from that of `messages_open`, so that only the sweep uses
-- it.
CREATE TABLE messages (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  person_id UUID NOT NULL,
  channel TEXT NOT NULL,
  act TEXT NOT NULL,
  body BYTEA,
  ownership_version INTEGER,
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
  delivery_status TEXT,
  delivery_status_at TIMESTAMP WITH TIME ZONE,
  billing_category TEXT,
  CONSTRAINT messages_pkey PRIMARY KEY (id),
  CONSTRAINT messages_person_id_fkey FOREIGN KEY (person_id)
    REFERENCES people (id) ON DELETE CASCADE,
  CONSTRAINT messages_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE SET NULL
);
CREATE INDEX messages_due ON messages (due_at) WHERE done_at IS NULL;
CREATE INDEX messages_open ON messages (person_id, id) WHERE state IN ('pending', 'sending');
CREATE INDEX messages_person ON messages (person_id, id);
CREATE INDEX messages_waiting ON messages (person_id) WHERE state = 'waiting';

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
  CONSTRAINT registry_writes_registration_id_fkey FOREIGN KEY (registration_id)
    REFERENCES registrations (id) ON DELETE CASCADE
);
CREATE INDEX registry_writes_open ON registry_writes (due_at)
  WHERE state IN ('pending', 'sending', 'unknown');
CREATE UNIQUE INDEX registry_writes_order ON registry_writes (registration_id, number);

CREATE TABLE uploads (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  registration_id UUID,
  paper TEXT NOT NULL,
  state TEXT NOT NULL,
  channel TEXT,
  source BYTEA,
  hash BYTEA,
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
CREATE INDEX uploads_open ON uploads (due_at)
  WHERE state IN ('fetching', 'checking', 'pending', 'sending', 'unknown');
CREATE INDEX uploads_person_id ON uploads (person_id);
CREATE INDEX uploads_registration_id ON uploads (registration_id);

-- Encrypted bytes do not compress.
CREATE TABLE upload_chunks (
  upload_id UUID NOT NULL,
  number INTEGER NOT NULL,
  body BYTEA STORAGE EXTERNAL NOT NULL,
  CONSTRAINT upload_chunks_pkey PRIMARY KEY (upload_id, number),
  CONSTRAINT upload_chunks_upload_id_fkey FOREIGN KEY (upload_id)
    REFERENCES uploads (id) ON DELETE CASCADE
);

INSERT INTO audit_head (singleton, seq, hash) VALUES (true, 0, '');
