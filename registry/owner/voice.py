"""Changes by voice: only what the owner allows for the camera, and never Image Encryption."""

from registry.camera import Camera, Refusal
from registry.gate.gate import not_by_voice, overruled
from registry.owner.control import Control
from registry.readings.judge import Deadline, Judge, VisibleCamera
from registry.rules import Rules
from registry.settings import Asked, Step, check, field_of
from store.records import Link


class Voice:
    """Answers with a Refusal where something is wrong. `within_s`: what the surface has left to wait."""

    def __init__(self, judge: Judge, control: Control, rules: Rules) -> None:
        self._judge, self._control, self._rules = judge, control, rules

    def change(
        self, link: Link, camera_id: str, setting: str, value: str, within_s: float | None = None
    ) -> Camera | Asked | Refusal:
        """The camera as it is then, or as it was asked to be. Raises BadValue."""
        wanted = check(setting, value)
        deadline = Deadline(self._rules.vendor_within(within_s))
        visible = self._may(link, camera_id, wanted, deadline)
        if isinstance(visible, Refusal):
            return visible
        if field_of(visible.camera, wanted) == "none":
            return overruled("not_this_way", visible.camera)
        changed = self._control.change(visible, wanted, value, "", deadline)
        # a step asks for a code, and a voice is never asked for one
        return overruled("not_set", visible.camera) if isinstance(changed, Step) else changed

    def restart(self, link: Link, camera_id: str, within_s: float | None = None) -> Camera | Refusal:
        """The camera is offline for a minute or two from then on."""
        deadline = Deadline(self._rules.vendor_within(within_s))
        visible = self._may(link, camera_id, "restart", deadline)
        return visible if isinstance(visible, Refusal) else self._control.restart(visible, deadline)

    def _may(self, link: Link, camera_id: str, what: str, deadline: Deadline) -> VisibleCamera | Refusal:
        visible = self._judge.see(link, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        return not_by_voice(visible.camera, what) or visible
