-- The newest of a household's asks and sightings are read page by page.
CREATE INDEX ask_by_time ON ask (account, at);
