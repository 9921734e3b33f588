"""Requests an installation's endpoints as an assistant would, and reports what is wrong and how to fix it."""
