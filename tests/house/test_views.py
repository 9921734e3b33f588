"""The first parameter of a view's methods is whose camera is meant: a link, an account, or a grant's claims."""

import inspect

import pytest

from showcam.registry.owner.owner import Owner
from showcam.registry.registry import Registry
from showcam.registry.streams.grants import Offers, Questions

SAYS_WHO = {Registry: "link", Owner: "account_id", Offers: "grant", Questions: "claims"}
TELLS_OF_NO_CAMERA = {Registry: {"when_listed", "when_refused"}, Owner: set(), Offers: set(), Questions: set()}


@pytest.mark.parametrize("view", SAYS_WHO, ids=lambda view: view.__name__)
def test_the_first_parameter_of_each_method_is_who_asks(view: type) -> None:
    methods = inspect.getmembers(view, inspect.isfunction)
    for name, method in methods:
        if name.startswith("_") or name in TELLS_OF_NO_CAMERA[view]:
            continue
        first = list(inspect.signature(method).parameters)[1]
        assert first == SAYS_WHO[view], f"{view.__name__}.{name}"
