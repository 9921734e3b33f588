-- A reading of cameras that ended after the removal of their household was stored all the same. If the file has such rows,
-- the next sweep rewrites the file, as after a removal.
INSERT OR REPLACE INTO meta SELECT 'remains', ''
WHERE EXISTS (
    SELECT account FROM known UNION SELECT account FROM happening UNION SELECT account FROM device
    EXCEPT SELECT id FROM account
);
DELETE FROM known WHERE account NOT IN (SELECT id FROM account);
DELETE FROM happening WHERE account NOT IN (SELECT id FROM account);
DELETE FROM device WHERE account NOT IN (SELECT id FROM account);
