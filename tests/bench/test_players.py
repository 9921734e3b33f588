"""The bench's group of players: its rows, and the server that ffmpeg sends cameras to. No test asserts a speed."""

import socket
import threading

import pytest

from bench import __main__ as bench
from bench import players, rtsp_relay
from bench.players import Figures
from bench.table import LeftOut, Row
from tests.doubles.rtsp_player import Client
from tests.doubles.waiting import until

SHOWN = Figures([2.0, 3.0, 1.0], [0.5, 0.1, 0.2])


@pytest.mark.parametrize(
    ("stack", "ways"),
    [
        ("libavformat", ("RTSP", "HLS")),
        ("GStreamer", ("RTSP", "HLS")),
        ("Chromium", ("WHEP", "HLS in hls.js")),
        ("HA stream", ("RTSP", "HLS")),
    ],
)
def test_each_output_has_rows_of_the_list_with_the_medians(stack: str, ways: tuple[str, str]) -> None:
    found = [row for row in players.rows(stack, dict.fromkeys(ways, SHOWN)) if isinstance(row, Row)]
    assert {row.name for row in found} < set(bench.ROWS["players"])
    assert [row.ours for row in found] == [2.0, 0.2] * 2


def test_a_program_at_the_camera_itself_stands_beside_it() -> None:
    found = {"RTSP": SHOWN, players.DIRECT: Figures([4.0], [0.4])}
    rows = [row for row in players.rows("GStreamer", found) if isinstance(row, Row)]
    assert [(row.beside, row.other) for row in rows] == [(players.DIRECT, 4.0), (players.DIRECT, 0.4)]


def test_an_output_that_showed_nothing_is_named() -> None:
    (left_out,) = players.rows("GStreamer", {"HLS": Figures([], [])})
    assert isinstance(left_out, LeftOut)
    assert left_out.name == "GStreamer by HLS"


@pytest.mark.parametrize(("level", "shown"), [(16, 0), (235, 255), (30, 16), (219, 236)])
def test_a_brightness_is_as_a_screen_has_it(level: int, shown: int) -> None:
    assert players.as_on_a_screen([(1.0, level)]) == [(1.0, shown)]


def test_the_server_takes_a_stream_and_counts_what_comes() -> None:
    taken = rtsp_relay.Taken()
    begun = threading.Thread(target=taken.begun, args=(1,))
    with rtsp_relay.server(taken) as port, Client(port, "camera-0") as sender:
        assert sender.ask("ANNOUNCE", **{"Content-Length": "0"}).status == 200
        answer = sender.set_up()
        assert answer.headers["transport"] == "RTP/AVP/TCP;unicast;interleaved=0-1"
        assert sender.ask("RECORD").status == 200
        begun.start()
        sender.socket.sendall(bytes(rtsp_relay.BEGUN + 1))
        begun.join()


def test_a_sender_that_goes_away_and_a_silent_one_end_their_reader() -> None:
    taken = rtsp_relay.Taken()
    ours, theirs = socket.socketpair()
    reader = threading.Thread(target=taken.drain, args=(ours,))
    reader.start()
    theirs.close()
    reader.join()
    ours.close()
    ours, theirs = socket.socketpair()
    reader = threading.Thread(target=taken.drain, args=(ours,))
    reader.start()
    taken.over.set()
    until(lambda: not reader.is_alive())
    for end in (ours, theirs):
        end.close()
