"""One of the pictures that a camera offers by ONVIF, and its profile in GetProfiles."""

from dataclasses import dataclass

from simulator.lan.onvif_wire import MEDIA2, SCHEMA, within


@dataclass
class Picture:
    """`gop`: frames from one keyframe to the next."""

    token: str
    path: str
    codec: str
    width: int
    height: int
    rate: int = 15
    gop: int = 30

    def profile(self, space: str, sound: str) -> str:
        """Its profile in the answer of Media or Media2; `sound`: the codec of the device's microphone."""
        size = f"<Resolution><Width>{self.width}</Width><Height>{self.height}</Height></Resolution>"
        rate = f"<RateControl><FrameRateLimit>{self.rate}</FrameRateLimit></RateControl>"
        named = f'<VideoSource token="vs"><SourceToken xmlns="{SCHEMA}">lens</SourceToken></VideoSource>'
        if space == MEDIA2:
            video = (
                f'<VideoEncoder token="{self.token}" GovLength="{self.gop}" Profile="Main" xmlns:s="{SCHEMA}">'
                f'<Encoding xmlns="{SCHEMA}">{self.codec.upper()}</Encoding>'
                f"{within(SCHEMA, size)}{within(SCHEMA, rate)}</VideoEncoder>"
            )
            microphone = f'<AudioEncoder token="ae"><Encoding xmlns="{SCHEMA}">{sound}</Encoding></AudioEncoder>'
            return (
                f'<Profiles token="{self.token}"><Name>{self.token}</Name>'
                f"<Configurations>{named}{video}{microphone}</Configurations></Profiles>"
            )
        video = (
            f'<VideoEncoderConfiguration xmlns="{SCHEMA}" token="{self.token}"><Encoding>H264</Encoding>{size}{rate}'
            f"<H264><GovLength>{self.gop}</GovLength><H264Profile>Main</H264Profile></H264>"
            "</VideoEncoderConfiguration>"
        )
        return (
            f'<Profiles token="{self.token}"><Name xmlns="{SCHEMA}">{self.token}</Name>'
            f'<VideoSourceConfiguration xmlns="{SCHEMA}" token="vs"><SourceToken>lens</SourceToken>'
            f"</VideoSourceConfiguration>{video}</Profiles>"
        )
