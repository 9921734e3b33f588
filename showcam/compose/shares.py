"""Which secret settings each function on AWS uses. It keeps no other, and says so where its secrets hold one.

aws/parameters.cjs names the secrets that each function reads; docs/integrator/aws.md says where each setting belongs.
"""

import logging

from msgspec import structs

from showcam.settings import SECRETS, Settings

log = logging.getLogger(__name__)

USED = {
    "directives": frozenset({"ezviz_secret", "lwa_client_secret"}),
    "fulfillment": frozenset({"ezviz_secret", "google_service_account"}),
    "reports": frozenset({"ezviz_secret", "lwa_client_secret", "google_service_account"}),
    "web": frozenset({"ezviz_secret", "ezviz_webhook_key"}),
}


def of(function: str, settings: Settings) -> Settings:
    """The settings without what others use."""
    held = sorted(name for name in SECRETS - USED[function] if getattr(settings, name))
    for name in held:
        log.warning(
            "%s can read %s, which it does not use: move it to the secret of the function that does", function, name
        )
    return structs.replace(settings, **dict.fromkeys(held, ""))
