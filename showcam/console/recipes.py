"""The files that give this machine a public address by a proxy or tunnel, as docs/owner/reachable.md has them."""

import re
from textwrap import dedent

NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
EXAMPLE = "cam.example.org"


def cloudflare(name: str, port: int, media_port: int) -> str:
    """`~/.cloudflared/config.yml`."""
    return dedent(f"""\
        tunnel: ID
        credentials-file: /home/you/.cloudflared/ID.json
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
