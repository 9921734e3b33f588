-- What was seen just now, so that every process can tell it; forgotten soon.
CREATE TABLE happening (
    account TEXT NOT NULL,
    camera  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    at      REAL NOT NULL,
    PRIMARY KEY (account, camera, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX happening_at ON happening (at);

-- Which households a device is listed in; `key` is a keyed hash of its serial.
CREATE TABLE device (
    key     TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (key, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_account ON device (account);
