"""Live addresses, by which a camera's picture may be fetched for a while."""

import hmac
import time

from aiohttp import web

from simulator.camera import Camera
from simulator.open_platform.wire import Call, OpenError, answer
from simulator.pictures.addresses import Addresses

EZOPEN, HLS = 1, 2
DEFAULT_LIFE_S = 1800
LONGEST_LIFE_S = 720 * 86400


class Live:
    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    def get(self, call: Call, *, takes_h265: bool = False) -> web.Response:
        protocol, quality = call.whole("protocol", EZOPEN, 1, 5), call.whole("quality", 1, 1, 2)
        life_s = call.whole("expireTime", DEFAULT_LIFE_S, 30, LONGEST_LIFE_S)
        kind = call.whole("type", 1, 1, 3)
        camera = call.reached()
        if protocol not in (EZOPEN, HLS) or kind != 1:
            raise OpenError("60020")
        if protocol == EZOPEN:
            return self._ezopen(call, camera, quality)
        if camera.encrypted(call.now):
            raise OpenError("60019")
        if camera.picture(quality) is None:
            raise OpenError("60020")  # a guess: which code the vendor has for this is not published
        self._check_showable(call, camera)
        address = self._addresses.mint(camera, call.account.user, quality, life_s, None if takes_h265 else "h264")
        url = f"https://{call.host}/v3/openlive/{address.stem}.m3u8?{self._addresses.query(address)}"
        expires = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(address.expires))
        return answer({"id": address.id, "url": url, "expireTime": expires})

    def get_v2(self, call: Call) -> web.Response:
        return self.get(call, takes_h265=call.whole("supportH265", 0, 0, 1) == 1)

    def disable(self, call: Call) -> web.Response:
        self._addresses.disable(call.camera(), call.account.user, call.optional("urlId"))
        return answer()

    def _ezopen(self, call: Call, camera: Camera, quality: int) -> web.Response:
        """An address of the vendor's own scheme, for its player only; the code opens an encrypted camera."""
        code = call.optional("code")
        if camera.encrypted(call.now):
            if code is None:
                raise OpenError("60019")
            if not hmac.compare_digest(camera.secret.encode(), code.encode()):
                raise OpenError("20010")
        self._check_showable(call, camera)
        key, hd = f"{code}@" if code else "", ".hd" if quality == 1 else ""
        url = f"ezopen://{key}open.ys7.com/{camera.serial}/{camera.channel}{hd}.live"
        return answer({"id": None, "url": url, "expireTime": None})

    def _check_showable(self, call: Call, camera: Camera) -> None:
        if camera.privacy:
            raise OpenError("60026")
        if self._addresses.viewers(call.account.user) >= call.world.settings.viewers:
            raise OpenError("9048")
