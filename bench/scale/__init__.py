"""The cost of many links on AWS and the first quota they reach: a day's traffic, by measured requests of showcam."""
