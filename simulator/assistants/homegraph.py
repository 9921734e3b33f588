"""Google's HomeGraph: Request Sync, Report State, notifications, and what Google believes of a user's devices."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from simulator.assistants import cloud_faults, homegraph_rules
from simulator.assistants.service_account import ServiceAccount
from simulator.state import Settings

QUOTA_S = 60
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass(slots=True)
class User:
    """An agentUserId that has been linked and synchronised; `sync` fetches its devices again."""

    devices: dict[str, dict[str, Any]]
    sync: Callable[[], Awaitable[None]]
    reported: Callable[[dict[str, Any]], None]
    deleted: Callable[[], None]
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    reports: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=1000))
    events: set[str] = field(default_factory=set)  # eventIds
    repeated: int = 0
    syncs: int = 0  # Request Syncs that were taken
    syncing: bool = False


class HomeGraph:
    def __init__(self, url: str, folder: Path, settings: Settings) -> None:
        self.users: dict[str, User] = {}
        self._settings = settings
        self._account = ServiceAccount(folder, f"{url}/google/token", settings)
        self._calls: deque[float] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/google/token", self._account.token)
        app.router.add_post("/v1/devices:requestSync", self._called(self.request_sync))
        app.router.add_post("/v1/devices:reportStateAndNotification", self._called(self.report))
        app.router.add_post("/v1/devices:query", self._called(self.query))
        app.router.add_post("/v1/devices:sync", self._called(self.sync))
        app.router.add_delete("/v1/agentUsers/{user}", self._called(self.delete))

    async def request_sync(self, _request: web.Request, given: dict[str, Any]) -> web.Response:
        if broken := homegraph_rules.check_request_sync(given):
            return _error(400, broken[0])
        user = self._user(given)
        if user is None:
            return _error(404, "Requested entity was not found.")
        if user.syncing:
            return _error(429, "There is already a Request Sync for this user.")
        user.syncing, user.syncs = True, user.syncs + 1
        if given.get("async"):
            task = asyncio.create_task(self._synced(user))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            await self._synced(user)
        return web.json_response({})

    async def _synced(self, user: User) -> None:
        try:
            await user.sync()
        finally:
            user.syncing = False

    async def report(self, _request: web.Request, given: dict[str, Any]) -> web.Response:
        if broken := homegraph_rules.check_report(given, lambda: self._user(given)):
            return _error(400, broken[0])
        user = self._user(given)
        if user is None:
            return _error(404, "Requested entity was not found.")
        devices = given["payload"]["devices"]
        if any(device not in user.devices for kind in ("states", "notifications") for device in devices.get(kind, {})):
            return _error(404, "Requested entity was not found.")
        if given.get("eventId") in user.events:
            user.repeated += 1
        else:
            if given.get("eventId"):
                user.events.add(given["eventId"])
            user.states |= devices.get("states", {})  # a report replaces all that was known of the device
            user.reports.append(given)
            user.reported(given)
        return web.json_response({"requestId": given.get("requestId", "")})

    async def query(self, _request: web.Request, given: dict[str, Any]) -> web.Response:
        user = self._user(given)
        if user is None:
            return _error(404, "Requested entity was not found.")
        try:
            wanted = [device["id"] for device in given["inputs"][0]["payload"]["devices"]]
        except (KeyError, IndexError, TypeError):
            return _error(400, "Request contains an invalid argument.")
        known = {its_id: user.states.get(its_id, {}) for its_id in wanted if its_id in user.devices}
        return web.json_response({"requestId": given.get("requestId", ""), "payload": {"devices": known}})

    async def sync(self, _request: web.Request, given: dict[str, Any]) -> web.Response:
        user = self._user(given)
        if user is None:
            return _error(404, "Requested entity was not found.")
        payload = {"agentUserId": given["agentUserId"], "devices": list(user.devices.values())}
        return web.json_response({"requestId": given.get("requestId", ""), "payload": payload})

    async def delete(self, request: web.Request, _given: dict[str, Any]) -> web.Response:
        user = self.users.pop(request.match_info["user"], None)
        if user is None:
            return _error(404, "Requested entity was not found.")
        user.deleted()
        return web.json_response({})

    def _user(self, given: dict[str, Any]) -> User | None:
        return self.users.get(str(given.get("agentUserId")))

    def _called(
        self, handler: Callable[[web.Request, dict[str, Any]], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            fault = self._settings.homegraph_fault
            if not cloud_faults.meets(fault, self._settings.cloud_fault_share):
                fault = ""
            if fault in cloud_faults.STATUS:
                return _error(cloud_faults.STATUS[fault], "As it was set.")
            if fault and fault != "cut":
                return await cloud_faults.spoiled(request, fault)
            if not self._account.knows(request):
                return _error(401, "Request had invalid authentication credentials.")
            if self._over_quota():
                return _error(429, "Quota exceeded for quota metric 'Requests'.")
            answer = await self._read(request, handler)
            return cloud_faults.hung_up(request, answer) if fault else answer

        return handle

    async def _read(
        self, request: web.Request, handler: Callable[[web.Request, dict[str, Any]], Awaitable[web.Response]]
    ) -> web.Response:
        try:
            given = json.loads(await request.read() or b"{}")
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return _error(400, "Invalid JSON payload received.")
        return await handler(request, given)

    def _over_quota(self) -> bool:
        now = time.monotonic()
        while self._calls and self._calls[0] <= now - QUOTA_S:
            self._calls.popleft()
        if len(self._calls) >= self._settings.homegraph_quota:
            return True
        self._calls.append(now)
        return False


def _error(status: int, message: str) -> web.Response:
    body = {"error": {"code": status, "message": message, "status": _STATUS[status]}}
    return web.json_response(body, status=status)
