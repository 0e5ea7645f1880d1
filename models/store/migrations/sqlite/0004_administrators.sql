-- +goose Up
-- People who sign in to the administrator's pages.
CREATE TABLE administrators (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  login TEXT NOT NULL,
  login_folded TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  masked INTEGER NOT NULL DEFAULT false,
  lang TEXT NOT NULL DEFAULT '',
  active INTEGER NOT NULL DEFAULT true,
  created_at INTEGER NOT NULL,
  signed_in_at INTEGER
);

-- Their browsers that are signed in. The cookie's token is not stored, its
-- SHA-256 is.
CREATE TABLE sign_ins (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_hash TEXT NOT NULL UNIQUE,
  admin_id INTEGER NOT NULL,
  data TEXT NOT NULL,
  from_addr TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT '',
  made_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX sign_ins_admin ON sign_ins (admin_id);
CREATE INDEX sign_ins_expires ON sign_ins (expires_at);
