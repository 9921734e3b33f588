-- Where the owner of a household is notified of faults, and what was sent. An address may hold a password.
CREATE TABLE notice_address (
    account TEXT NOT NULL REFERENCES account (id),
    id      TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
    account TEXT NOT NULL REFERENCES account (id),
    fault   TEXT NOT NULL, -- its kind and what it is about
    data    BLOB NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, fault)
) STRICT, WITHOUT ROWID;
