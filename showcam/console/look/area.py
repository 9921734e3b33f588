"""The pages for somebody who is signed in: which session a request has, and the values that all these pages get."""

import time
from collections.abc import Callable
from functools import cache, partial, wraps
from typing import Any

from flask import Response, g, redirect, request, session
from werkzeug.exceptions import TooManyRequests

from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.accounts.links import NewLinks
from showcam.console.look import cookies, pages
from showcam.console.look.reach import host_of
from showcam.registry.quiet_times import of_household
from showcam.store.ports import Store
from showcam.store.records import Assistant

type View = Callable[..., Any]
type EndPictures = Callable[[str], None]
type Rule = tuple[str, str, View, tuple[str, ...]]  # path, name, view, methods

READ, FORM = ("GET",), ("GET", "POST")
PAGE = "text/html"  # browsers accept this for a page, but not for an image or in a script
_WANTED = "wanted"  # key in the form's cookie
COUNTED_S = 60  # a household's requests are counted for each such window


class Area:
    """`media_port` is this machine's port for video; None: video comes from another machine, by https.

    `end_pictures` ends the video of a session, by the session's id. `most`: the requests of a household in COUNTED_S
    that are answered; None: all.
    """

    def __init__(
        self,
        store: Store,
        sessions: ConsoleSessions,
        end_pictures: EndPictures,
        *,
        media_port: int | None,
        most: int | None = None,
    ) -> None:
        self.store, self.sessions, self._media_port, self._most = store, sessions, media_port, most
        self._end_pictures = end_pictures
        self.new_links = NewLinks(store)

    def current(self) -> ConsoleSession | None:
        """Returns the request's session. A session whose household was removed has expired. Raises TooManyRequests."""
        cookie = cookies.read(request)
        found = self.sessions.read(cookie)
        if found is not None and found.account and self._most is not None:
            key = requests_of(found.account)
            if self.store.hit(key, COUNTED_S, time.time()) > self._most:
                raise TooManyRequests(retry_after=COUNTED_S)
        if found is not None and found.account and self.store.account(found.account) is None:
            self.sessions.end(found)
            return None
        if found is not None and self.sessions.use(found):
            g.renewed_cookie = cookie
        g.console_session = found
        if found is not None and found.account:
            g.quiet_times = cache(partial(of_household, self.store, found.account))  # read if a page says a time
        return found

    def owned(self, view: View, *, early: bool = False, watched: bool = False) -> View:
        """A view that gets the session of an owner who is signed in to a household.

        `watched`: a member may see the page too, and send none of its forms.

        All others are led to /home, and after sign-in back to the wanted page. A page's script is answered 401.

        `early`: a browser that has only given the printed code is let in too, until it signs out.
        """

        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            current = self.current()
            if current is None or current.at_door or not (current.account or early):
                accepted = request.headers.get("Accept", PAGE)
                if PAGE not in accepted:
                    return pages.signed_out()
                if request.url_rule and "GET" in (request.url_rule.methods or ()):  # a form's address leads to its page
                    session[_WANTED] = request.path
                return redirect(cookies.HOME, 303)
            if current.role != "owner" and not (watched and request.method in ("GET", "HEAD")):
                return pages.problem("member")
            return view(current, *args, **kwargs)

        return guarded

    def has_ended(self) -> bool:
        """True if the browser of a request without a session had a session before."""
        return bool(cookies.read(request))

    def wanted(self) -> str:
        """Returns, only once, the page that the browser wanted before it signed in; else the first page."""
        wanted = str(session.pop(_WANTED, cookies.HOME))
        return f"/{wanted.lstrip('/')}" if cookies.is_home(wanted) else cookies.HOME

    def begun(self, cookie: str, at: str = cookies.HOME) -> Response:
        """Leads the browser to the page `at`, with the session that has just begun."""
        return self.with_cookie(pages.led(at), cookie)

    def with_cookie(self, response: Response, cookie: str) -> Response:
        """Adds the cookie of a session that has just begun."""
        g.pop("renewed_cookie", None)
        cookies.keep(request, response, cookie)
        session.pop("csrf_token", None)
        return response

    def end(self, session: ConsoleSession) -> None:
        """End the session: its browser is signed out, and its live pictures end at once."""
        self.sessions.end(session)
        self._end_pictures(session.id)

    def signed_out(self, current: ConsoleSession) -> Response:
        """Leads to the sign-in form, with a session that can only sign in and has its own tries.

        A member's browser knew no password, and keeps nothing.
        """
        self.end(current)
        if current.role != "owner":
            g.pop("renewed_cookie", None)
            response = pages.led(cookies.HOME)
            cookies.drop(request, response)
            return response
        return self.begun(self.sessions.begin(user=current.user, left=current.account))

    def linked(self, account: str, assistant: Assistant) -> float:
        """Returns when the assistant's first link was made, or 0.0 if there is no link."""
        return min((link.created for link in self.store.links(account) if link.assistant == assistant), default=0.0)

    def media(self) -> str | None:
        """Returns the origin of video for this browser: the media port, and "" for the page's own behind a proxy."""
        if self._media_port is None:
            return None
        if request.is_secure or cookies.base() is not None:
            return ""
        host = host_of(request.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._media_port}"

    def page(self, template: str, status: int = 200, /, **context: Any) -> Response:
        media, current = self.media(), g.get("console_session")
        g.home_policy = pages.policy("https:" if media is None else media)
        if current is not None and current.account:
            context["signed_in"], context["may_change"] = current.user, current.role == "owner"
            if current.role == "owner":  # a member may not acknowledge them
                context["new_links"] = self.new_links.of(current.account)
        return pages.rendered(template, status, **context)


def requests_of(account: str) -> str:
    """Returns the key of the counter for a household's requests."""
    return f"pages/{account}"
