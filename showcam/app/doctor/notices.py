"""Examines the addresses for notices to owners, without sending to them."""

from showcam.app.doctor.finding import Finding, ok, wrong
from showcam.i18n.catalogue import worded
from showcam.net.notices import BadAddress, service
from showcam.registry.notices.notifier import Addresses
from showcam.store.ports import Store

MOST = 100  # households


def examine(store: Store) -> Finding:
    what = worded("notices")
    addresses, count = Addresses(store), 0
    for _, account in zip(range(MOST), store.accounts(), strict=False):
        for address_id, address in addresses.of(account.id).items():
            count += 1
            try:
                service(address.url)
            except BadAddress as error:
                return wrong(
                    what,
                    worded("the address {address_id} can't be sent to: {error}", address_id=address_id, error=error),
                    worded("Remove it and add it again, on showcam's page under Notices."),
                    command=f"showcam notices remove {address_id}, then: showcam notices add",
                )
    if not count:
        return ok(what, worded("nobody is notified of faults; addresses are added on showcam's page under Notices"))
    return ok(what, worded("{count} addresses can be sent to", count=count))
