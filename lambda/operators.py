"""AWS entry of operators' calls, at an address that only IAM opens (payload format 2.0)."""

from showcam.app.compose.operators import build

handler = build()
