"""AWS entry of the queue of links that are due."""

from showcam.app.compose.reports import build

handler = build()
