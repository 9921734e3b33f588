"""AWS entry of the queue of links that are due."""

from showcam.compose.reports import build

handler = build()
