"""What showcam says to people: English in the code where it is said, other languages in `locale/`. Standard library."""
