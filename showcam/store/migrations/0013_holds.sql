-- What one owner holds for a while: a process its id, a process a camera's video.
CREATE TABLE hold (
    grp TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    ends REAL NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (grp, name)
) STRICT, WITHOUT ROWID;
