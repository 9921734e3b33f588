"""The tests' tools bring rich, which structlog then loads; where showcam runs it is not installed."""

raise ImportError("not installed where showcam runs")
