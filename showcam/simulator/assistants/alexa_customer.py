"""The customer of an Echo: Alexa's knowledge of the devices, and the event gateway's news about them."""

from functools import partial
from typing import Any

import aiohttp

from showcam.simulator.assistants.amazon import Customer, LoginWithAmazon
from showcam.simulator.assistants.cloud import Cloud
from showcam.simulator.assistants.linking import Client

EVENTS = "https://api.amazonalexa.com/v3/events"  # the address that the record shows


class AlexaCustomer(Cloud):
    def __init__(
        self, http: aiohttp.ClientSession, app_url: str, client: Client, login: LoginWithAmazon | None = None
    ) -> None:
        super().__init__(http, app_url, client)
        self.login = login
        self.customer = self.new_customer()

    def new_customer(self) -> Customer:
        customer = Customer()
        customer.endpoints.listeners.append(partial(self._reported, customer))
        return customer

    def facts(self) -> dict[str, Any]:
        endpoints = self.customer.endpoints
        states = [
            [its_id, *key, value] for its_id, reported in endpoints.states.items() for key, value in reported.items()
        ]
        refresh = self.login.refresh_tokens(self.customer) if self.login else []
        return {"state": super().facts(), "endpoints": endpoints.by_id, "states": states, "refresh": refresh}

    def restore(self, kept: dict[str, Any]) -> None:
        super().restore(kept["state"])
        endpoints = self.customer.endpoints
        endpoints.by_id = kept["endpoints"]
        for its_id, namespace, name, instance, value in kept["states"]:
            endpoints.states.setdefault(its_id, {})[namespace, name, instance] = value
        if self.login:
            self.login.take_back(kept["refresh"], self.customer)

    def about(self) -> dict[str, Any]:
        endpoints = self.customer.endpoints
        if self.state.tokens is None:
            return super().about()
        reports = {
            "names": [event["header"]["name"] for event in endpoints.events],
            "repeated": endpoints.repeated,
            "dropped": list(endpoints.dropped),
        }
        return super().about() | {"reports": reports, "states": endpoints.values()}

    def _reported(self, customer: Customer, event: dict[str, Any]) -> None:
        """Takes the news that the event gateway has accepted an event about this customer's devices."""
        if self.state.tokens is None or customer is not self.customer:
            return
        name = event["header"]["name"]
        self.state.cameras = customer.endpoints.cameras()
        title = f"Event gateway: {name}"
        self.wire().note(title, "POST", EVENTS, request={"event": event}, status=202, response=None, ms=0)
        pressed = name == "DoorbellPress"
        self.news.add("ring" if pressed else "report", event["endpoint"]["endpointId"] if pressed else "")
