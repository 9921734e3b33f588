"""Amazon's event gateway and its tokens, as the settings name them: directives and the function of reports use both."""

from showcam.alexa.gateway import Amazon, Gateway
from showcam.app.settings import Settings
from showcam.store.ports import LinkSecrets


def event_gateway(settings: Settings, store: LinkSecrets) -> Gateway:
    return Gateway(store, amazon_http(settings), settings.lwa_client_id, settings.lwa_client_secret)


def amazon_http(settings: Settings) -> Amazon:
    return Amazon(settings.assistants_at, settings.ca_file if settings.assistants_at else None)
