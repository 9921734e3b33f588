"""Sentences for people: English in the code that uses them, other languages in `locale/`. Standard library only."""
