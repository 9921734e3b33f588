"""Builds what several entries need of Amazon: the event gateway, and the certificate chains of spoken requests."""

from typing import TYPE_CHECKING

from alexa.amazon import Amazon
from alexa.gateway import Gateway
from showcam.settings import Settings
from store.ports import LinkSecrets

if TYPE_CHECKING:
    from alexa.spoken.chain import Chains


def gateway(settings: Settings, store: LinkSecrets) -> Gateway:
    return Gateway(store, http(settings), settings.lwa_client_id, settings.lwa_client_secret)


def http(settings: Settings) -> Amazon:
    return Amazon(settings.assistants_at, settings.ca_file if settings.assistants_at else None)


def chains(settings: Settings) -> "Chains":
    """In the demo the simulator's authority is trusted in place of the public ones."""
    from cryptography import x509

    from alexa.spoken.chain import Chains
    from alexa.spoken.public_roots import public_roots

    file = None if settings.all_on_aws else settings.data / "amazon-chains.json"
    if settings.assistants_at and settings.ca_file:
        anchors = x509.load_pem_x509_certificates(settings.ca_file.read_bytes())
        return Chains(anchors, settings.assistants_at, settings.ca_file, file)
    return Chains(public_roots(), file=file)
