"""A STUN server (RFC 8489) as a process: `python -m tests.doubles.stun_server ADDRESS` answers at UDP port 3478."""

import socket
import sys

from aioice import stun

PORT = 3478


def serve(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, PORT))
        sys.stdout.write("serving\n")
        sys.stdout.flush()
        while True:
            data, sender = server.recvfrom(2048)
            request = stun.parse_message(data)
            reply = stun.Message(request.message_method, stun.Class.RESPONSE, transaction_id=request.transaction_id)
            reply.attributes["XOR-MAPPED-ADDRESS"] = sender
            server.sendto(bytes(reply), sender)


if __name__ == "__main__":
    serve(sys.argv[1])
