-- Settings that the installation's owner gave by a page or a command, in place of a line in a file.
CREATE TABLE setting (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
