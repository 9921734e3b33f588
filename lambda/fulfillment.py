"""AWS entry of Google's fulfillment, behind an HTTP API (payload format 2.0)."""

from showcam.compose.fulfillment import build

handler = build()
