"""A process that copies one camera into HLS segments by libav, where no ffmpeg program can be had.

`python -P -m bench.peer.libav_copy URL FOLDER`, until it is killed.
"""

import sys

import av


def main(url: str, folder: str) -> None:
    options = {"hls_time": "1", "hls_list_size": "4", "hls_delete_threshold": "5", "hls_flags": "delete_segments"}
    with (
        av.open(url, options={"rtsp_transport": "tcp"}) as camera,
        av.open(f"{folder}/index.m3u8", "w", format="hls", options=options) as hls,
    ):
        streams = {stream.index: hls.add_stream_from_template(stream) for stream in camera.streams}
        for packet in camera.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                hls.mux(packet)


if __name__ == "__main__":
    main(*sys.argv[1:])
