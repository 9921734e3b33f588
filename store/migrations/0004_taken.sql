-- What was taken and can't be taken again. The time comes first, so that rows are added at the end and removed from the
-- beginning, and no other index has to be written.
CREATE TABLE taken (
    until REAL NOT NULL,
    key   TEXT NOT NULL,
    PRIMARY KEY (until, key)
) STRICT, WITHOUT ROWID;
