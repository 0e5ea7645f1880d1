-- +goose Up

-- The set-up. One number says whether a snapshot of it is current.
CREATE TABLE config_version (
  one INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
  version INTEGER NOT NULL
);
INSERT INTO config_version (version) VALUES (1);

-- Ids of webhooks, calls, legs and notifications are handed out in blocks.
CREATE TABLE id_blocks (
  name TEXT PRIMARY KEY,
  next INTEGER NOT NULL
);
INSERT INTO id_blocks (name, next) VALUES ('id', 1);

CREATE TABLE "groups" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE sources (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slug TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  token TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  old_token_hash TEXT NOT NULL DEFAULT '',
  token_hint TEXT NOT NULL DEFAULT '',
  secret TEXT NOT NULL DEFAULT '',
  timezone TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  group_id INTEGER NOT NULL DEFAULT 0,
  line_group TEXT NOT NULL DEFAULT '',
  outgoing INTEGER NOT NULL DEFAULT false,
  settings TEXT NOT NULL DEFAULT '{}',
  active INTEGER NOT NULL DEFAULT true,
  created_at INTEGER NOT NULL
);

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  login TEXT NOT NULL,
  login_folded TEXT NOT NULL UNIQUE,
  external_id TEXT UNIQUE,
  name TEXT NOT NULL DEFAULT '',
  pop_on TEXT NOT NULL DEFAULT 'answered',
  quiet INTEGER NOT NULL DEFAULT false,
  active INTEGER NOT NULL DEFAULT true,
  pending INTEGER NOT NULL DEFAULT false,
  timezone TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
);

CREATE TABLE extensions (
  source_id INTEGER NOT NULL,
  extension TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  PRIMARY KEY (source_id, extension)
);
CREATE INDEX extensions_user ON extensions (user_id);

CREATE TABLE group_members (
  group_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  PRIMARY KEY (group_id, user_id)
);

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  user_id INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
);
CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE contacts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  external_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL DEFAULT '',
  responsible TEXT NOT NULL DEFAULT '',
  client TEXT,
  interests TEXT NOT NULL DEFAULT '[]',
  seq INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL
);

CREATE TABLE contact_phones (
  phone TEXT NOT NULL,
  contact_id INTEGER NOT NULL,
  PRIMARY KEY (phone, contact_id)
);
CREATE INDEX contact_phones_contact ON contact_phones (contact_id);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  from_addr TEXT NOT NULL DEFAULT '',
  what TEXT NOT NULL,
  object TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT ''
);

-- The register.
CREATE TABLE inboxes (
  user_id INTEGER PRIMARY KEY,
  epoch TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0,
  next_expiry INTEGER
);

CREATE TABLE unprocessed_notifications (
  user_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  version INTEGER NOT NULL,
  follows INTEGER NOT NULL DEFAULT 0,
  collapse_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  action TEXT NOT NULL,
  call_id INTEGER NOT NULL DEFAULT 0,
  source_id INTEGER NOT NULL DEFAULT 0,
  rule TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  session TEXT NOT NULL DEFAULT '',
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, id),
  UNIQUE (user_id, collapse_key)
);
CREATE INDEX unprocessed_notifications_missed ON unprocessed_notifications (collapse_key) WHERE kind = 'call.missed';

CREATE TABLE notification_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  user_id INTEGER NOT NULL DEFAULT 0,
  notification_id INTEGER NOT NULL DEFAULT 0,
  rev INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 0,
  what TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT '',
  action TEXT NOT NULL DEFAULT '',
  call_id INTEGER NOT NULL DEFAULT 0,
  webhook_id INTEGER NOT NULL DEFAULT 0,
  source_id INTEGER NOT NULL DEFAULT 0,
  rule TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  session TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '',
  payload TEXT,
  collapse_key TEXT NOT NULL DEFAULT ''
);
CREATE INDEX notification_events_notification ON notification_events (notification_id) WHERE notification_id <> 0;
CREATE INDEX notification_events_call ON notification_events (call_id) WHERE call_id <> 0;
CREATE INDEX notification_events_at ON notification_events (at);
CREATE INDEX notification_events_user ON notification_events (user_id, id) WHERE user_id <> 0;

CREATE TABLE webhooks (
  id INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL DEFAULT '',
  headers TEXT NOT NULL DEFAULT '{}',
  body BLOB NOT NULL,
  remote_addr TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  events INTEGER NOT NULL DEFAULT 0,
  call_id INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (id)
);

CREATE INDEX webhooks_received ON webhooks (received_at);
CREATE INDEX webhooks_source ON webhooks (source_id, id);

CREATE TABLE webhook_keys (
  source_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (source_id, key)
);
CREATE INDEX webhook_keys_expires ON webhook_keys (expires_at);

CREATE TABLE idempotency_keys (
  token_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  hash TEXT NOT NULL,
  response TEXT,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (token_id, key)
);

-- changed counts the writes of calls; writers come one after the other here.
CREATE TABLE calls (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  merged_into INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'ringing',
  direction TEXT NOT NULL DEFAULT 'in',
  phone TEXT NOT NULL DEFAULT '',
  hidden INTEGER NOT NULL DEFAULT false,
  name TEXT NOT NULL DEFAULT '',
  did TEXT NOT NULL DEFAULT '',
  started_at INTEGER,
  answered_at INTEGER,
  ended_at INTEGER,
  talk_s INTEGER NOT NULL DEFAULT 0,
  answered_by INTEGER NOT NULL DEFAULT 0,
  recording TEXT NOT NULL DEFAULT '',
  missed INTEGER NOT NULL DEFAULT false,
  by_pbx INTEGER NOT NULL DEFAULT false,
  facts TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  changed INTEGER NOT NULL DEFAULT 0,
  UNIQUE (source_id, key)
);
CREATE INDEX calls_open ON calls (created_at) WHERE state <> 'ended' AND merged_into = 0;
CREATE INDEX calls_changed ON calls (changed, id);
CREATE INDEX calls_created ON calls (created_at);

CREATE TABLE call_legs (
  id INTEGER PRIMARY KEY,
  call_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  n INTEGER NOT NULL,
  extension TEXT NOT NULL DEFAULT '',
  addresses TEXT NOT NULL DEFAULT '[]',
  state TEXT NOT NULL,
  rang_at INTEGER,
  answered_at INTEGER,
  ended_at INTEGER,
  reason TEXT NOT NULL DEFAULT '',
  to_ext TEXT NOT NULL DEFAULT '',
  user_id INTEGER NOT NULL DEFAULT 0,
  opened INTEGER NOT NULL DEFAULT false,
  row_id INTEGER NOT NULL DEFAULT 0,
  seen_at INTEGER NOT NULL
);
CREATE INDEX call_legs_call ON call_legs (call_id);
CREATE INDEX call_legs_user ON call_legs (user_id, call_id) WHERE user_id <> 0;
CREATE INDEX call_legs_unrouted ON call_legs (source_id, extension) WHERE user_id = 0;

CREATE TABLE job_runs (
  job TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  error TEXT NOT NULL DEFAULT ''
);

-- +goose Down
DROP TABLE job_runs;
DROP TABLE call_legs;
DROP TABLE calls;
DROP TABLE idempotency_keys;
DROP TABLE webhook_keys;
DROP TABLE webhooks;
DROP TABLE notification_events;
DROP TABLE unprocessed_notifications;
DROP TABLE inboxes;
DROP TABLE audit;
DROP TABLE contact_phones;
DROP TABLE contacts;
DROP TABLE tokens;
DROP TABLE group_members;
DROP TABLE extensions;
DROP TABLE users;
DROP TABLE sources;
DROP TABLE "groups";
DROP TABLE id_blocks;
DROP TABLE config_version;
