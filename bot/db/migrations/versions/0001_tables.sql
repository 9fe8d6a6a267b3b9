-- Deadlines are in database time. Test databases replace this function by one with an offset.
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
