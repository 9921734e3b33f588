"""The public name, and the files that give it to this machine by a proxy or tunnel."""

import re
from textwrap import dedent

NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
EXAMPLE = "cam.example.org"
LONGEST = 253


def cleaned(typed: str) -> str:
    return typed.strip().lower().removeprefix("https://").rstrip("/")


def is_name(name: str) -> bool:
    return len(name) <= LONGEST and NAME.fullmatch(name) is not None


def cloudflare(
    name: str,
    port: int,
    media_port: int,
    tunnel: str = "ID",
    credentials: str = "/home/you/.cloudflared/ID.json",
) -> str:
    """`~/.cloudflared/config.yml`."""
    return dedent(f"""\
        tunnel: {tunnel}
        credentials-file: {credentials}
        ingress:
          - hostname: {name}
            path: ^/s/
            service: http://127.0.0.1:{media_port}
          - hostname: {name}
            service: http://127.0.0.1:{port}
          - service: http_status:404""")


def caddy(name: str, port: int, media_port: int) -> str:
    """`/etc/caddy/Caddyfile`."""
    return dedent(f"""\
        {name} {{
            handle /s/* {{
                reverse_proxy 127.0.0.1:{media_port}
            }}
            handle {{
                reverse_proxy 127.0.0.1:{port} {{
                    buffer_requests
                    max_buffer_size 256KiB
                    transport http {{
                        keepalive 4s
                    }}
                }}
            }}
        }}""")
