-- What waits to be told to an assistant: changes in our own terms, of one link each. No link is referred to: that a link
-- ended is told after the link and its household are gone.
CREATE TABLE outbox (
    id        TEXT PRIMARY KEY,
    account   TEXT NOT NULL,
    link      TEXT NOT NULL,
    assistant TEXT NOT NULL,
    kind      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    at        REAL NOT NULL,
    due       REAL NOT NULL,
    number    INTEGER NOT NULL,
    laid      REAL, -- when it was laid down
    reason    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_link ON outbox (link, at) WHERE laid IS NULL;
CREATE INDEX outbox_laid ON outbox (laid) WHERE laid IS NOT NULL;

-- What each link was told, and when it may be claimed: `wanted` is the later of `free` and its first row's `due`.
CREATE TABLE telling (
    link      TEXT PRIMARY KEY,
    account   TEXT NOT NULL,
    assistant TEXT NOT NULL,
    listed    REAL,
    turn      INTEGER NOT NULL DEFAULT 0,
    told      BLOB, -- fingerprints
    told_at   REAL,
    what      TEXT NOT NULL DEFAULT '',
    tries     INTEGER NOT NULL DEFAULT 0,
    reason    TEXT NOT NULL DEFAULT '',
    free      REAL NOT NULL DEFAULT 0, -- the end of a claim, or of the wait after a try in vain
    claimed   TEXT NOT NULL DEFAULT '', -- by whom
    wanted    REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX telling_wanted ON telling (assistant, wanted) WHERE wanted IS NOT NULL;
CREATE INDEX telling_account ON telling (account);
