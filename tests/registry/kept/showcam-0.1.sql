-- A database of showcam 0.1: one household, a camera's LAN code, what its owner decided. Seal key: 00 01 02 … 1f.
PRAGMA application_id = 0;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE account (
    id      TEXT PRIMARY KEY,
    created REAL NOT NULL,
    salt    BLOB NOT NULL,
    locale  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "account" VALUES('ddnomalty4xsbq2a',1.79570201140067434e+09,X'A0E0B603A5CE233BD23743CF6929FE1F','en');
CREATE TABLE account_secret (
    account TEXT NOT NULL REFERENCES account (id),
    name    TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE client (
    id                TEXT PRIMARY KEY,
    assistant         TEXT NOT NULL,
    secret_hash       TEXT NOT NULL,
    redirect_uris     TEXT NOT NULL, -- JSON array
    created           REAL NOT NULL,
    require_pkce      INTEGER NOT NULL,
    loopback_redirect INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE device (
    key     TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (key, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE happening (
    account TEXT NOT NULL,
    camera  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    at      REAL NOT NULL,
    PRIMARY KEY (account, camera, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE known (
    account TEXT PRIMARY KEY,
    sealed  BLOB NOT NULL,
    as_of   REAL NOT NULL
) STRICT;
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
CREATE TABLE link_secret (
    link   TEXT NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (link, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('vendor_salt','6d928f332c943cdc07ceea9b90903b8fe795ac73b742be9d1560677bf834de22');
CREATE TABLE preference (
    account TEXT NOT NULL REFERENCES account (id),
    camera  TEXT NOT NULL,
    data    BLOB NOT NULL,
    PRIMARY KEY (account, camera)
) STRICT, WITHOUT ROWID;
INSERT INTO "preference" VALUES('ddnomalty4xsbq2a','ezviz-GARAGE',X'7B22766F6963655F6D6179223A5B22617564696F225D2C226C616E5F7768696C655F656E63727970746564223A747275652C227363616C6564223A747275657D');
INSERT INTO "preference" VALUES('ddnomalty4xsbq2a','ezviz-GARDEN',X'7B22766F6963655F6D6179223A5B22736C656570222C2272657374617274225D2C226C616E5F7768696C655F656E63727970746564223A66616C73652C227363616C6564223A66616C73657D');
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
INSERT INTO "source" VALUES('hgduqbxuzmxu23ll','ddnomalty4xsbq2a','ezviz','c1954543beed831c76620a1d0dfc1408945f0a2448789f02e3ffbe9028fa1aec',1.79570201140067434e+09,X'01046B65707431C5F1F93790C16DCEA43EDE2F316039DB8C930DCE9514FDFE1DD21AA0150F88487C27413B6182970C56A1B621DA0C72139D31515B768BA9D5E9754762457BF726B7412A36C01CDB330892EBCCDBA7C892077B4AA60741804B6DC07C6BBE5BDAD1B6FEC4216B8414A6452D45F7D4210FF5EEBDBAD604ADC5DFD12A132D050780A13519E52EF47B551D9A607CC6C21F7E85D1','needs_login',3);
CREATE TABLE throttle (
    key   TEXT NOT NULL, -- hashed: keys hold user names and addresses
    ends  REAL NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (key, ends)
) STRICT, WITHOUT ROWID;
CREATE TABLE token (
    hash    TEXT NOT NULL,
    link    TEXT NOT NULL REFERENCES link (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,
    scope   TEXT NOT NULL,
    issued  REAL NOT NULL,
    expires REAL,
    PRIMARY KEY (link, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE visit (
    hash    TEXT PRIMARY KEY,
    sealed  BLOB NOT NULL,
    expires REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX link_account ON link (account, created);
CREATE INDEX link_ended ON link (ended) WHERE ended IS NOT NULL;
CREATE INDEX code_expires ON code (expires);
CREATE INDEX token_expires ON token (expires) WHERE expires IS NOT NULL;
CREATE INDEX visit_expires ON visit (expires);
CREATE INDEX throttle_ends ON throttle (ends);
CREATE INDEX happening_at ON happening (at);
CREATE INDEX device_account ON device (account);
COMMIT;
