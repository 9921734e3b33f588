"""AWS entry of a schedule."""

from showcam.app.compose.wakers import build_sweep as build

handler = build()
