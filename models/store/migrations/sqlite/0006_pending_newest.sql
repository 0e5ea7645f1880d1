-- +goose Up
-- The administrator's list of all users' rows, the newest first, stays fast
-- among 100,000. Ids only grow, so a new row costs one entry at the end.
CREATE INDEX unprocessed_notifications_newest ON unprocessed_notifications (id);

-- +goose Down
DROP INDEX unprocessed_notifications_newest;
