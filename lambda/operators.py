"""AWS entry of operators' calls, behind an address of its own that only IAM opens (payload format 2.0)."""

from showcam.app.compose.operators import build

handler = build()
