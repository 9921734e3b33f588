-- A household's cameras may come from several sources. Each has a list of its own, so that reading one source never makes
-- another's list look younger than it is. Lists that were kept before are read from their vendors again.
DROP TABLE known;
CREATE TABLE known (
    account TEXT NOT NULL,
    source  TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    as_of   REAL NOT NULL,
    PRIMARY KEY (account, source)
) STRICT;

-- The user name and password with which a household's owner signs in at showcam itself.
CREATE TABLE owner_user (
    account TEXT PRIMARY KEY REFERENCES account (id),
    key     TEXT NOT NULL UNIQUE, -- keyed hash of the user name
    sealed  BLOB NOT NULL, -- the user name, and the password's hash
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
