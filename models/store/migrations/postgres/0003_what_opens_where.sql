-- +goose Up
-- Rules: every version ever in force. Version 0 is built in and not stored.
CREATE TABLE rules (
  version bigint PRIMARY KEY,
  rules jsonb NOT NULL,
  at timestamptz NOT NULL,
  who text NOT NULL DEFAULT ''
);
ALTER TABLE unprocessed_notifications ADD COLUMN rules_version bigint NOT NULL DEFAULT 0;
ALTER TABLE notification_events ADD COLUMN rules_version bigint NOT NULL DEFAULT 0;

-- One session opens: until when the session of a row holds it; shared rows are
-- for all sessions.
ALTER TABLE unprocessed_notifications ADD COLUMN leased_until timestamptz;
ALTER TABLE unprocessed_notifications ADD COLUMN shared boolean NOT NULL DEFAULT false;

-- A rule may name missed calls otherwise: their key tells them.
DROP INDEX unprocessed_notifications_missed;
CREATE INDEX unprocessed_notifications_missed ON unprocessed_notifications (collapse_key) WHERE collapse_key LIKE 'missed:%';

-- One conversation that several sources of a line group tell of: the call that
-- was known first (0: this one); users who were told of it without a leg.
ALTER TABLE calls ADD COLUMN conversation bigint NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN told jsonb NOT NULL DEFAULT '[]';
CREATE INDEX calls_conversation ON calls (conversation) WHERE conversation <> 0;
ALTER TABLE sources ADD COLUMN line_rank bigint NOT NULL DEFAULT 0;

-- Shared phones: the people whose phone an extension may be. mode '' is one
-- person's own; check_in: whoever said so; all: whoever opens first.
ALTER TABLE extensions ADD COLUMN mode text NOT NULL DEFAULT '';
CREATE TABLE extension_owners (
  source_id bigint NOT NULL,
  extension text NOT NULL,
  user_id bigint NOT NULL,
  checked_in_at timestamptz,
  asked_at timestamptz,
  PRIMARY KEY (source_id, extension, user_id)
);
ALTER TABLE call_legs ADD COLUMN sharers jsonb NOT NULL DEFAULT '[]';

-- Members in the order in which they stand in for each other.
ALTER TABLE group_members ADD COLUMN position bigint NOT NULL DEFAULT 0;

-- Which client polled when, and what it was told; both are written behind.
CREATE TABLE presence (
  user_id bigint NOT NULL,
  session text NOT NULL,
  client text NOT NULL DEFAULT '',
  app text NOT NULL DEFAULT '',
  polled_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, session)
);
CREATE INDEX presence_polled ON presence (polled_at);
CREATE TABLE deliveries (
  notification_id bigint NOT NULL,
  rev integer NOT NULL,
  session text NOT NULL,
  user_id bigint NOT NULL,
  client text NOT NULL DEFAULT '',
  at timestamptz NOT NULL,
  PRIMARY KEY (notification_id, rev, session)
);
CREATE INDEX deliveries_at ON deliveries (at);

-- +goose Down
DROP TABLE deliveries;
DROP TABLE presence;
ALTER TABLE group_members DROP COLUMN position;
ALTER TABLE call_legs DROP COLUMN sharers;
DROP TABLE extension_owners;
ALTER TABLE extensions DROP COLUMN mode;
ALTER TABLE sources DROP COLUMN line_rank;
DROP INDEX calls_conversation;
ALTER TABLE calls DROP COLUMN told;
ALTER TABLE calls DROP COLUMN conversation;
DROP INDEX unprocessed_notifications_missed;
CREATE INDEX unprocessed_notifications_missed ON unprocessed_notifications (collapse_key) WHERE kind = 'call.missed';
ALTER TABLE unprocessed_notifications DROP COLUMN shared;
ALTER TABLE unprocessed_notifications DROP COLUMN leased_until;
ALTER TABLE notification_events DROP COLUMN rules_version;
ALTER TABLE unprocessed_notifications DROP COLUMN rules_version;
DROP TABLE rules;
