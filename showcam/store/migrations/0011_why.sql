-- The kind of what went wrong, of an outbox row that is laid down and of a link's last report. Of those there were
-- before only the text in `reason` says it.
ALTER TABLE outbox ADD COLUMN why TEXT;
ALTER TABLE telling ADD COLUMN why TEXT;
