"""AWS entry of Alexa's Smart Home directives and of the skill's spoken requests."""

from showcam.app.compose.directives import build

handler = build()
