"""A vendor as an example: Lakeside, which does not exist, a cloud of three calls. CONTRIBUTING.md walks through it."""
