"""Speed, each figure beside its peer or its floor in the same run: `python -m bench`, or `make bench`."""
