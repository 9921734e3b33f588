"""Cast devices in the house, what is shown on them, and the door by which other processes ask for it."""
