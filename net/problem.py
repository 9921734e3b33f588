"""The problem document that an endpoint of our own answers with (RFC 9457)."""

from typing import Literal, NotRequired, TypedDict


class Problem(TypedDict):
    """What happened (`title`), and what to do (`detail`); nothing secret in either."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    reason: NotRequired[str]  # the registry's word, for another process of ours


def problem_of(status: int, title: str, detail: str) -> Problem:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}
