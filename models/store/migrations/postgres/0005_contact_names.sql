-- +goose Up
-- The name in the form in which it is looked for (models.FoldName), compared
-- byte by byte. NULL: not made yet; a job makes it for contacts that an older
-- version stored.
ALTER TABLE contacts ADD COLUMN name_folded text COLLATE "C";
CREATE INDEX contacts_name ON contacts (name_folded, id);

-- +goose Down
DROP INDEX contacts_name;
ALTER TABLE contacts DROP COLUMN name_folded;
