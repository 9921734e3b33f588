-- What the owner said of a camera, and small secrets that belong to a household or to one link.

CREATE TABLE preference (
    account TEXT NOT NULL REFERENCES account (id),
    camera  TEXT NOT NULL,
    data    BLOB NOT NULL,
    PRIMARY KEY (account, camera)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_secret (
    account TEXT NOT NULL REFERENCES account (id),
    name    TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE link_secret (
    link   TEXT NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (link, name)
) STRICT, WITHOUT ROWID;
