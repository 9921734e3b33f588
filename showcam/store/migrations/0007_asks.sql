-- What assistants were asked to show, and what came of it, for the owner of the household.

CREATE TABLE ask (
    account TEXT NOT NULL REFERENCES account (id),
    id      TEXT NOT NULL,
    camera  TEXT NOT NULL,
    link    TEXT NOT NULL,
    surface TEXT NOT NULL,
    at      REAL NOT NULL,
    took_s  REAL NOT NULL, -- until it was answered
    reason  TEXT NOT NULL, -- why it was refused; empty where it was not
    live_s  REAL NOT NULL, -- how long it was watched, as last known; 0: not at all
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
