"""Which cameras' Image Encryption was off and is on again: cameras switch it on by themselves, as after an update."""

from registry.readings.changes import Change
from store.household_ports import AccountSecrets


class CameBack:
    """A row of the store for each, since one process finds the change and another shows it."""

    def __init__(self, store: AccountSecrets) -> None:
        self._store = store

    def note(self, change: Change) -> None:
        """For Changes. Raises what the store raises."""
        if change.kind == "encryption_on":
            self._store.put_account_secret(change.account, _name(change.camera), b"1")
        elif change.kind == "encryption_off":
            self._store.drop_account_secret(change.account, _name(change.camera))

    def has(self, account_id: str, camera_id: str) -> bool:
        return self._store.account_secret(account_id, _name(camera_id)) is not None


def _name(camera_id: str) -> str:
    return f"came_back/{camera_id}"
