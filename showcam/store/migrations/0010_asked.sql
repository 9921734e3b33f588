-- Until when the assistant's service asked to wait: a ring that comes waits so long, and no longer.
ALTER TABLE telling ADD COLUMN asked REAL NOT NULL DEFAULT 0;
