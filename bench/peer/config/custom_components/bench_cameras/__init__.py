"""An owner with a long-lived token, written to $BENCH_TOKEN for whoever measures."""

import os
from datetime import timedelta
from pathlib import Path


async def async_setup(hass, config):
    user = await hass.auth.async_create_user("Bench", group_ids=["system-admin"])
    refresh = await hass.auth.async_create_refresh_token(
        user,
        client_name="bench",
        token_type="long_lived_access_token",
        access_token_expiration=timedelta(days=1),
    )
    token = hass.auth.async_create_access_token(refresh)
    await hass.async_add_executor_job(Path(os.environ["BENCH_TOKEN"]).write_text, token)
    return True
