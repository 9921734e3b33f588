"""What stands before showcam: redirects, passwords, headers that are dropped, believed or made up on the way."""

from showcam.doctor.finding import Finding, ok, unsure, wrong
from showcam.doctor.reach import Answer, Visitor
from showcam.shipped import document
from words.catalogue import worded

BEFORE = worded(
    "See what stands before showcam: a proxy that lacks this path, or one that asks whether you are a robot.",
)
STRANGER = "192.0.2.77"  # an address for documentation (RFC 5737), which no visitor has
_FORGED = "doctor.forged"
_FORWARDED = "X-Forwarded-For"


def not_ours(what: str, answer: Answer, text: str = "") -> Finding:
    """An answer that showcam does not give. `text` says so; without it the answer is summed up."""
    text = text or worded("it answers {answer}", answer=answer.summary())
    if 300 <= answer.status < 400 and "location" in answer.headers:
        mend = worded(
            "Assistants follow no redirect: set public_url to where it leads, or let the proxy answer here itself.",
        )
        return wrong(what, text, mend, "redirect")
    if answer.status == 401 and "www-authenticate" in answer.headers:
        mend = worded(
            "Something before showcam asks for a password: let the proxy pass this path without one.",
        )
        return wrong(what, text, mend, "password")
    return wrong(what, text, BEFORE)


def client(web: str, visitor: Visitor, *, demo: bool) -> Finding:
    """Whether somebody's own word is taken for where he comes from."""
    what = worded("visitors' addresses, /readyz")
    answer = visitor.request("GET", f"{web}/readyz", headers={_FORWARDED: STRANGER})
    ready = answer.json()
    if answer.status == 421 and demo:
        return ok(what, worded("the demo refuses whatever was forwarded"))
    if answer.status != 200 or not isinstance(ready, dict) or not isinstance(ready.get("client"), str):
        return not_ours(what, answer)
    if ready["client"] == STRANGER:
        mend = worded("Let the proxy write X-Forwarded-For itself in place of what came, or end trusted_proxies.")
        return wrong(what, worded("whoever sends {name} passes for anybody", name=_FORWARDED), mend)
    if ready["client"] in ("127.0.0.1", "::1") and not demo:
        mend = worded("Name the proxy in trusted_proxies, see {page}", page=document("owner/running.md"))
        return unsure(what, worded("all visitors count as one"), mend)
    return ok(what, worded("nobody's own word is taken for where he comes from"))


def bearer(web: str, visitor: Visitor) -> Finding:
    """Whether the header Authorization arrives, by which assistants show their tokens."""
    what = worded("header Authorization, /oauth/userinfo")
    answer = visitor.request("GET", f"{web}/oauth/userinfo", headers={"Authorization": f"Bearer {_FORGED}"})
    content = answer.json()
    error = content.get("error") if isinstance(content, dict) else None
    if answer.status == 401 and error == "invalid_token":
        return ok(what, worded("it arrives"))
    if answer.status == 401 and error == "invalid_request":
        text = worded("it does not arrive, so no assistant is ever known")
        return wrong(what, text, worded("Let the proxy pass the header Authorization on."), "header_dropped")
    return not_ours(what, answer)
