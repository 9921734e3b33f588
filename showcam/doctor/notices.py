"""Examines the addresses at which owners are notified, without sending to them."""

from net.notices import BadAddress, service
from registry.notices.addresses import Addresses
from showcam.doctor.finding import Finding, ok, wrong
from store.ports import Store
from words.worded import worded

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
                mend = worded(
                    "Remove it and add it again: showcam notices remove {address_id}, then showcam notices add",
                    address_id=address_id,
                )
                return wrong(
                    what,
                    worded("the address {address_id} can't be sent to: {error}", address_id=address_id, error=error),
                    mend,
                )
    if not count:
        return ok(what, worded("nobody is notified of faults; showcam notices add changes that"))
    return ok(what, worded("{count} addresses can be sent to; showcam notices test tries them", count=count))
