"""Hides babel, which only the tests' tools bring and flask-wtf would load."""

raise ImportError("not installed where showcam runs")
