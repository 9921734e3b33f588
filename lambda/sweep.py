"""AWS entry of a schedule."""

from showcam.compose.sweep import build

handler = build()
