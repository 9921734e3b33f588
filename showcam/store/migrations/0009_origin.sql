-- Who made a household: owner, invited or linking (store.records.Origin). Of those there were before nobody knows.
ALTER TABLE account ADD COLUMN origin TEXT NOT NULL DEFAULT 'owner';
