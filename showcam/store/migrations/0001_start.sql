-- Times are epoch seconds, hashes hex SHA-256. Columns named `sealed` hold AES-GCM (store/sealing.py).

CREATE TABLE account (
    id      TEXT PRIMARY KEY,
    created REAL NOT NULL,
    salt    BLOB NOT NULL,
    locale  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    id         TEXT NOT NULL,
    account    TEXT NOT NULL REFERENCES account (id),
    kind       TEXT NOT NULL,
    vendor_key TEXT NOT NULL UNIQUE,
    created    REAL NOT NULL,
    sealed     BLOB NOT NULL,
    state      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT;

CREATE TABLE client (
    id                TEXT PRIMARY KEY,
    assistant         TEXT NOT NULL,
    secret_hash       TEXT NOT NULL,
    redirect_uris     TEXT NOT NULL, -- JSON array
    created           REAL NOT NULL,
    require_pkce      INTEGER NOT NULL,
    loopback_redirect INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (id),
    client     TEXT NOT NULL,
    assistant  TEXT NOT NULL,
    label      TEXT NOT NULL,
    cameras    TEXT, -- JSON array of camera ids; NULL: every camera
    locale     TEXT NOT NULL,
    created    REAL NOT NULL,
    agent_user TEXT NOT NULL UNIQUE,
    last_used  REAL NOT NULL,
    ended      REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX link_account ON link (account, created);
CREATE INDEX link_ended ON link (ended) WHERE ended IS NOT NULL;

CREATE TABLE code (
    hash         TEXT PRIMARY KEY,
    client       TEXT NOT NULL,
    link         TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scope        TEXT NOT NULL,
    challenge    TEXT NOT NULL,
    expires      REAL NOT NULL,
    used         REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX code_expires ON code (expires);

CREATE TABLE token (
    hash    TEXT NOT NULL,
    link    TEXT NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,
    scope   TEXT NOT NULL,
    issued  REAL NOT NULL,
    expires REAL,
    PRIMARY KEY (link, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_expires ON token (expires) WHERE expires IS NOT NULL;

CREATE TABLE visit (
    hash    TEXT PRIMARY KEY,
    sealed  BLOB NOT NULL,
    expires REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_expires ON visit (expires);

CREATE TABLE throttle (
    key   TEXT NOT NULL, -- hashed: keys hold user names and addresses
    ends  REAL NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (key, ends)
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_ends ON throttle (ends);

CREATE TABLE known (
    account TEXT PRIMARY KEY,
    sealed  BLOB NOT NULL,
    as_of   REAL NOT NULL
) STRICT;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
