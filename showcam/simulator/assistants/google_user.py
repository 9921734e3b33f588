"""The user of a Google display: the devices of the last SYNC, and HomeGraph's news about them."""

import contextlib
from functools import partial
from typing import Any

import aiohttp

from showcam.simulator.assistants.cloud import Cloud, Unlinked
from showcam.simulator.assistants.homegraph import HomeGraph, User
from showcam.simulator.assistants.linking import Client
from showcam.simulator.assistants.person import LinkFailed
from showcam.simulator.assistants.wire import NoAnswer

REPORTS = "https://homegraph.googleapis.com/v1/devices:reportStateAndNotification"  # the address that the record shows


class GoogleUser(Cloud):
    def __init__(
        self, http: aiohttp.ClientSession, app_url: str, client: Client, homegraph: HomeGraph | None = None
    ) -> None:
        super().__init__(http, app_url, client)
        self._homegraph = homegraph
        self.devices: dict[str, dict[str, Any]] = {}

    def know(self) -> None:
        """Makes the user known to HomeGraph, with the devices of this SYNC."""
        household = self.state.household
        if self._homegraph is None or household is None:
            return
        if household not in self._homegraph.users:
            reported, deleted = partial(self._reported, household), partial(self._deleted, household)
            self._homegraph.users[household] = User({}, self._synced, reported, deleted)
        self._homegraph.users[household].devices = self.devices

    def facts(self) -> dict[str, Any]:
        user = self._homegraph.users.get(self.state.household or "") if self._homegraph else None
        return {"state": super().facts(), "devices": self.devices, "states": user.states if user else {}}

    def restore(self, kept: dict[str, Any]) -> None:
        super().restore(kept["state"])
        self.devices = kept["devices"]
        self.know()
        if self._homegraph is not None and self.state.household is not None:
            self._homegraph.users[self.state.household].states = kept["states"]

    def forget(self, why: str | None = None) -> None:
        if self._homegraph is not None and self.state.household is not None:
            self._homegraph.users.pop(self.state.household, None)
        super().forget(why)

    def about(self) -> dict[str, Any]:
        user = self._homegraph.users.get(self.state.household or "") if self._homegraph else None
        if user is None:
            return super().about()
        reports = {"count": len(user.reports), "repeated": user.repeated, "syncs": user.syncs}
        return super().about() | {"reports": reports, "states": user.states}

    async def _synced(self) -> None:
        """Fetches the devices again after a Request Sync, whatever comes of it."""
        with contextlib.suppress(LinkFailed, NoAnswer, Unlinked):
            await self.learn(self.wire())
        self.news.add("report")

    def _reported(self, household: str, report: dict[str, Any]) -> None:
        if household != self.state.household:
            return
        self.wire().note("HomeGraph: report", "POST", REPORTS, request=report, status=200, response={}, ms=0)
        rung = report["payload"]["devices"].get("notifications", {})
        for its_id in rung:
            self.news.add("announcement", its_id)
        if not rung:
            self.news.add("report")

    def _deleted(self, household: str) -> None:
        """Forgets the link: showcam has ended it (agentUsers.delete)."""
        if household == self.state.household:
            self.forget("showcam has ended this link. Link again.")
            self.news.add("report")
