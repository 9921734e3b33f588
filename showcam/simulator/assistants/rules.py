"""The rules of both assistants: the servers that URLs may point to, and the contents of an SDP answer."""

import ipaddress
from urllib.parse import urlsplit


class Rules:
    """Collects the rules that an answer broke, in words."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def must(self, kept: object, rule: str) -> bool:
        if not kept:
            self.broken.append(rule)
        return bool(kept)

    def keys(self, value: object, where: str, required: set[str], optional: set[str] | None = None) -> bool:
        """Checks that the value is an object with these keys and no others."""
        if not self.must(isinstance(value, dict), f"{where} is no object"):
            return False
        assert isinstance(value, dict)
        missing = sorted(required - value.keys())
        extra = sorted(value.keys() - required - (optional or set()))
        self.must(not missing, f"{where} lacks {', '.join(missing)}")
        self.must(not extra, f"{where} has {', '.join(extra)}, which may not be there")
        return not missing

    def text(self, value: object, where: str, longest: int) -> bool:
        return self.must(isinstance(value, str) and 0 < len(value) <= longest, f"{where} is no text of 1–{longest}")

    def url(self, value: object, where: str) -> None:
        """Checks a URL: https on port 443 at a host name, as the assistants demand; plain http only on loopback."""
        if not self.must(isinstance(value, str) and value, f"{where} is no URL"):
            return
        assert isinstance(value, str)
        try:
            url = urlsplit(value)
            port = url.port
        except ValueError:
            self.must(False, f"{where} is no URL")
            return
        loopback = _loopback(url.hostname or "")
        self.must(url.scheme == "https" or (url.scheme == "http" and loopback), f"{where} is not an https URL")
        self.must(loopback or port in (None, 443), f"{where} is not on port 443")
        self.must(loopback or not _address(url.hostname or ""), f"{where} names an address where a name must stand")
        self.must(url.hostname and not url.username and not url.password, f"{where} has no host, or credentials")
        self.must(not url.query and not url.fragment, f"{where} has a query, where secrets end up in logs")

    def without_token(self, token: str, text: str) -> None:
        self.must(token not in text, "the answer holds our own access token")

    def sdp_answer(self, answer: object, offer: str) -> None:
        """Checks an answer by RFC 8829, as far as a screen depends on it: one-way video, and no trickle (all
        candidates).
        """
        if not self.must(isinstance(answer, str) and answer.startswith("v=0"), "the answer is no SDP"):
            return
        assert isinstance(answer, str)
        offered, answered = sections(offer), sections(answer)
        self.must(
            [section.key for section in offered] == [section.key for section in answered],
            "the SDP answer does not keep the offer's media sections and mids in their order",
        )
        live = [section for section in answered if section.port != 0]
        self.must(any(section.kind == "video" for section in live), "the SDP answer sends no video")
        for section in live:
            silent = section.kind == "audio" and section.has("a=inactive")  # a camera without sound
            self.must(silent or section.has("a=sendonly"), f"the SDP answer's {section.kind} is not sendonly")
            self.must(section.has("a=rtcp-mux"), f"the SDP answer's {section.kind} lacks rtcp-mux")
        self.must(
            any(section.has("a=candidate:") for section in live),
            "the SDP answer holds no candidate, and none can follow",
        )
        for needed in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:"):
            self.must(needed in answer, f"the SDP answer lacks {needed[2:-1]}")
        self.must("a=setup:actpass" not in answer, "the SDP answer leaves the DTLS role open (actpass)")
        video = next((section for section in live if section.kind == "video"), None)
        self.must(
            video is None or video.mentions("H264") or video.mentions("VP8"), "the SDP answer's video is not H.264"
        )


class Section:
    """One m= section of an SDP."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        words = lines[0][2:].split()
        self.kind = words[0] if words else ""
        self.port = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        self.mid = next((line[6:] for line in lines if line.startswith("a=mid:")), "")
        self.key = self.kind, self.mid

    def has(self, start: str) -> bool:
        return any(line.startswith(start) for line in self._lines)

    def mentions(self, codec: str) -> bool:
        return any(line.startswith("a=rtpmap:") and f" {codec}/" in line for line in self._lines)


def sections(sdp: str) -> list[Section]:
    found: list[list[str]] = []
    for line in sdp.splitlines():
        if line.startswith("m="):
            found.append([line])
        elif found:
            found[-1].append(line)
    return [Section(lines) for lines in found]


def _address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _loopback(host: str) -> bool:
    return host == "localhost" or (_address(host) and ipaddress.ip_address(host).is_loopback)
