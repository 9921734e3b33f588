"""AWS entry of the table's stream."""

from showcam.app.compose.wakers import build_changes as build

handler = build()
