-- A household was removed while its cameras were read, and what was read was stored after it. The next sweep rewrites the
-- file if it holds such rows, as after a removal.
INSERT OR REPLACE INTO meta SELECT 'remains', ''
WHERE EXISTS (
    SELECT account FROM known UNION SELECT account FROM happening UNION SELECT account FROM device
    EXCEPT SELECT id FROM account
);
DELETE FROM known WHERE account NOT IN (SELECT id FROM account);
DELETE FROM happening WHERE account NOT IN (SELECT id FROM account);
DELETE FROM device WHERE account NOT IN (SELECT id FROM account);
