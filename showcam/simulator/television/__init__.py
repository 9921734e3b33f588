"""A television in the living room: a Cast receiver that really fetches, decodes, idles out and is taken over."""
