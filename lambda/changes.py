"""AWS entry of the table's stream."""

from showcam.app.compose.changes import build

handler = build()
