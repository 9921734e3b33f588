"""Speed, each figure beside its peer or its floor in the same run: `python -P -m bench`, or `make bench`."""
