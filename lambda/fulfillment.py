"""AWS entry of Google's fulfillment, behind an HTTP API (payload format 2.0)."""

from showcam.app.compose.fulfillment import build

handler = build()
