"""In a reporter's place where an assistant can't be reported to here: what changes is forgotten."""

from registry.telling.reporter import GrantDead, Tell, Told
from store.records import Assistant, Link


class Unreported:
    def __init__(self, assistant: Assistant) -> None:
        self.assistant: Assistant = assistant

    def may_tell(self, link: Link) -> bool:
        return False

    def tell(self, tell: Tell) -> Told:
        raise GrantDead("showcam has no key for reports to this assistant")

    def end(self, agent_user: str, deadline_s: float) -> None:
        """Nobody is told."""
