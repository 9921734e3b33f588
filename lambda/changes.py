"""AWS entry of the table's stream."""

from showcam.compose.changes import build

handler = build()
