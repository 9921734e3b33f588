"""Examines the addresses at which owners are notified, without sending to them."""

from net.notices import BadAddress, service
from registry.notices.addresses import Addresses
from showcam.doctor.finding import Finding, ok, wrong
from store.ports import Store

MOST = 100  # households


def examine(store: Store) -> Finding:
    what = "notices"
    addresses, count = Addresses(store), 0
    for _, account in zip(range(MOST), store.accounts(), strict=False):
        for address_id, address in addresses.of(account.id).items():
            count += 1
            try:
                service(address.url)
            except BadAddress as error:
                mend = f"Remove it and add it again: showcam notices remove {address_id}, then showcam notices add"
                return wrong(what, f"the address {address_id} can't be sent to: {error}", mend)
    if not count:
        return ok(what, "nobody is notified of faults; showcam notices add changes that")
    return ok(what, f"{count} addresses can be sent to; showcam notices test tries them")
