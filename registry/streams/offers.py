"""A display's own offer, posted with a webrtc grant that it was given before."""

import contextlib
from copy import replace

from media.grants import Claims
from media.messages import MediaBusy, MediaUnavailable, SessionOver
from registry import outcomes
from registry.camera import Refusal, Stream
from registry.errors import ExpiredGrant
from registry.gate.displays import PLAYABLE
from registry.gate.fit import Fit
from registry.readings.judge import Deadline, Judge, Open
from registry.rules import Rules
from registry.streams.explaining import Explaining
from registry.streams.handover import Handover, Sight, check_offer, unstarted
from registry.streams.reopening import Reopening, surface_of


class Offers:
    """Each method takes the grant, which names its link and camera."""

    def __init__(
        self, reopening: Reopening, judge: Judge, handover: Handover, explaining: Explaining, rules: Rules
    ) -> None:
        self._reopening, self._judge, self._handover = reopening, judge, handover
        self._explaining, self._rules = explaining, rules

    def camera(self, grant: str) -> str:
        """The id of the camera it is for. Raises BadGrant, ExpiredGrant."""
        return self._handover.verified(grant).camera

    def end(self, grant: str) -> None:
        """Ends what was opened by it, also after its minute. Raises BadGrant."""
        self._handover.end_grant(grant)

    def answer(self, grant: str, sdp: str) -> Stream | Refusal:
        """Answers an offer posted with a webrtc grant. Raises BadGrant, ExpiredGrant, BadOffer."""
        claims = self._handover.verified(grant)
        outcomes.by(claims.link, claims.account)
        check_offer(sdp)
        deadline = Deadline(self._rules.vendor_s)
        opened = self._reopening.judged(claims, self._judge.fresh(deadline), deadline)
        found = opened if isinstance(opened, Refusal) else self._answered(claims, grant, opened, sdp, deadline)
        if isinstance(found, Refusal):
            with contextlib.suppress(MediaBusy, MediaUnavailable):
                found = self._explaining.answer(replace(claims, explains=True), grant, found, sdp, deadline)
        outcomes.came_to(claims.camera, found)
        return found

    def _answered(self, claims: Claims, grant: str, opened: Open, sdp: str, deadline: Deadline) -> Stream | Refusal:
        # no source: the pull has been warm since the grant was issued; if not, the media process asks for a source
        claims = replace(claims, explains=False)
        try:
            answer = self._handover.answer(claims, None, sdp, claims.nonce, deadline)
        except SessionOver:
            raise ExpiredGrant(claims) from None  # a viewer ended it; a new request may well get the picture
        except (MediaBusy, MediaUnavailable) as error:
            return unstarted(error, self._judge, opened, surface_of(claims), PLAYABLE)
        sight = Sight.of(opened, Fit(claims.picture, claims.surface))
        return self._handover.stream(claims, grant, sight, answer.at, answer.sdp)
