-- +goose Up
-- The login in the form in which logins are compared: the database's own
-- lower() depends on its locale.
ALTER TABLE contacts ADD COLUMN responsible_folded text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE contacts DROP COLUMN responsible_folded;
