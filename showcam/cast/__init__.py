"""Finds Cast devices in the house, shows cameras on them, and opens a door for our other processes to ask for this."""
