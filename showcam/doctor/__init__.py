"""Fetching one's own endpoints as an assistant would, and saying what is wrong with them and how to mend it."""
