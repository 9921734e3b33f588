"""EZVIZ, Amazon and Google with all their trouble: the simulator, which shows none, and what tests ask of it beyond.

`vendor.py` puts the parts together. A test sets trouble by `/_control`, or by `Trouble` in its own process.
"""
