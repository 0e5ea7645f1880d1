-- +goose Up
-- The login in the form in which logins are compared: SQLite's lower() knows
-- ASCII only.
ALTER TABLE contacts ADD COLUMN responsible_folded TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE contacts DROP COLUMN responsible_folded;
