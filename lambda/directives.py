"""AWS entry of Alexa's Smart Home directives, and of what is spoken to the skill."""

from showcam.compose.directives import build

handler = build()
