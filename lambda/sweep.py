"""AWS entry of a schedule."""

from showcam.app.compose.sweep import build

handler = build()
