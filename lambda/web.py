"""AWS entry of linking, pages, signalling and webhook, behind an HTTP API (payload format 2.0)."""

from showcam.app.compose.web_on_lambda import build

handler = build()
