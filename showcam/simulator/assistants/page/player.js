// Players: WebRTC with a complete offer (no trickle), or HLS. Each calls back when its picture is lost.

const GATHER_MS = 1000;
const FIRST_PICTURE_MS = 6000; // an Echo gives up after this
const SILENT_WIRE_MS = 700;
const LOOK_MS = 100;
const STALLED_HLS_MS = 6000;

export class NoPicture extends Error {}

class Player {
  constructor(video, protocol, lost) {
    this.video = video;
    this.protocol = protocol;
    this.lost = lost; // called once, when a playing picture is lost
    this.over = false;
    this.pc = null;
    this.timer = 0;
  }

  /** Resolves when the first frame is drawn. */
  async firstPicture() {
    const drawn = new Promise((resolve) => {
      if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(resolve);
      else this.video.addEventListener("loadeddata", resolve, { once: true });
    });
    const failed = new Promise((_, reject) => { this.fail = reject; });
    failed.catch(() => {});
    const late = new Promise((_, reject) => setTimeout(
      () => reject(new NoPicture(`no picture arrived within ${FIRST_PICTURE_MS / 1000} s`)), FIRST_PICTURE_MS));
    late.catch(() => {});
    await Promise.race([drawn, failed, late]);
  }

  gone(why) {
    if (this.over) return;
    this.fail?.(new NoPicture(why));
    if (this.playing) {
      this.stop();
      this.lost(why);
    }
  }

  stop() {
    this.over = true;
    clearInterval(this.timer);
    this.pc?.close();
    this.video.onerror = this.video.onended = null;
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    this.video.load();
  }
}

export class WebRtcPlayer extends Player {
  constructor(video, lost, iceServers = []) {
    super(video, "webrtc", lost);
    this.pc = new RTCPeerConnection({ iceServers });
    const stream = new MediaStream();
    this.pc.addEventListener("track", (event) => {
      stream.addTrack(event.track);
      video.srcObject = stream;
    });
    this.pc.addEventListener("connectionstatechange", () => {
      if (this.pc.connectionState === "failed") this.gone("the connection failed");
    });
  }

  async offer() {
    this.pc.addTransceiver("audio", { direction: "recvonly" });
    const video = this.pc.addTransceiver("video", { direction: "recvonly" });
    const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
    const h264 = codecs.filter((codec) => codec.mimeType === "video/H264");
    if (!h264.length) throw new NoPicture("this browser can't play H.264 by WebRTC");
    video.setCodecPreferences?.(h264);
    await this.pc.setLocalDescription(await this.pc.createOffer());
    await this.gathered();
    return this.pc.localDescription.sdp;
  }

  gathered() {
    if (this.pc.iceGatheringState === "complete") return Promise.resolve();
    return new Promise((resolve) => {
      setTimeout(resolve, GATHER_MS);
      this.pc.addEventListener("icegatheringstatechange", () => {
        if (this.pc.iceGatheringState === "complete") resolve();
      });
    });
  }

  /** `start` begins playback once there is something to play; `connected` is called when media can flow. */
  async play(answer, start, connected) {
    const first = this.firstPicture();
    first.catch(() => {});
    this.pc.addEventListener("connectionstatechange", () => {
      if (this.pc.connectionState === "connected") connected?.();
    });
    await this.pc.setRemoteDescription({ type: "answer", sdp: answer });
    await start();
    await first;
    this.playing = true;
    this.watch();
  }

  /** Seven tenths of a second without packets mean a dead sender: ICE alone would notice after seven seconds. */
  watch() {
    let packets = 0;
    let since = performance.now();
    this.timer = setInterval(async () => {
      const now = await this.received();
      if (now !== packets) {
        packets = now;
        since = performance.now();
      } else if (performance.now() - since > SILENT_WIRE_MS) {
        this.gone("the stream stopped");
      }
    }, LOOK_MS);
  }

  async received() {
    let packets = 0;
    for (const report of (await this.pc.getStats()).values()) {
      if (report.type === "inbound-rtp") packets += report.packetsReceived;
    }
    return packets;
  }
}

export class HlsPlayer extends Player {
  constructor(video, lost) {
    super(video, "hls", lost);
    this.hls = null;
  }

  /** With hls.js; browsers' own HLS is second choice: Chromium's wants three segments before it begins. */
  async play(url, start, poster) {
    // as a Cast receiver: only what CORS lets another origin read
    this.video.crossOrigin = "anonymous";
    if (poster) this.video.poster = poster;
    const { default: Hls } = await import("/page/vendor/hls.light.min.mjs");
    if (this.over) return;
    const first = this.firstPicture();
    first.catch(() => {});
    this.video.onerror = () => this.gone("the stream can't be played");
    this.video.onended = () => this.gone("the stream ended");
    if (Hls.isSupported()) {
      this.attach(Hls, url);
    } else if (this.video.canPlayType("application/vnd.apple.mpegurl")) {
      this.video.src = url;
      this.video.load();
    } else {
      throw new NoPicture("this browser can't play HLS; choose WebRTC");
    }
    await start();
    await first;
    this.playing = true;
    this.watch();
  }

  attach(Hls, url) {
    this.hls = new Hls({
      enableWorker: false,
      lowLatencyMode: false,
      liveSyncDurationCount: 1,
      backBufferLength: 10,
      playlistLoadPolicy: retryTransient(Hls.DefaultConfig.playlistLoadPolicy),
      fragLoadPolicy: retryTransient(Hls.DefaultConfig.fragLoadPolicy),
    });
    this.hls.on(Hls.Events.ERROR, (_, error) => {
      if (error.fatal) this.gone(error.response?.code ? `the stream answered ${error.response.code}` : "the stream broke off");
    });
    this.hls.loadSource(url);
    this.hls.attachMedia(this.video);
  }

  watch() {
    let at = -1;
    let since = performance.now();
    this.timer = setInterval(() => {
      if (this.video.currentTime !== at || this.video.paused) {
        at = this.video.currentTime;
        since = performance.now();
      } else if (performance.now() - since > STALLED_HLS_MS) {
        this.gone("the stream stopped");
      }
    }, 500);
  }

  stop() {
    this.hls?.destroy();
    super.stop();
    this.video.removeAttribute("poster");
  }
}

/** A policy that retries after a missing answer, and not after a refusal (410: the stream has ended). */
function retryTransient(policy) {
  const shouldRetry = (_config, _count, _timeout, response, retry) => retry && !(response?.code >= 400 && response.code < 500);
  const { errorRetry } = policy.default;
  return { default: { ...policy.default, errorRetry: { ...errorRetry, maxNumRetry: 2, retryDelayMs: 500, shouldRetry } } };
}

/** Numbers of the picture being played, by either protocol. */
export async function statsOf(player, video) {
  const quality = video.getVideoPlaybackQuality?.() ?? { totalVideoFrames: 0, droppedVideoFrames: 0 };
  const stats = {
    protocol: player?.protocol ?? null,
    width: video.videoWidth,
    height: video.videoHeight,
    frames: quality.totalVideoFrames,
    dropped: quality.droppedVideoFrames,
    audioBytes: video.webkitAudioDecodedByteCount ?? 0,
    packetsReceived: 0,
    packetsLost: 0,
    audioEnergy: 0,
    connection: player?.pc?.connectionState ?? null,
  };
  if (!player?.pc || player.over) return stats;
  for (const report of (await player.pc.getStats()).values()) {
    if (report.type !== "inbound-rtp") continue;
    stats.packetsReceived += report.packetsReceived;
    stats.packetsLost += report.packetsLost;
    if (report.kind === "audio") {
      stats.audioBytes = report.bytesReceived;
      stats.audioEnergy = report.totalAudioEnergy ?? 0;
    } else {
      stats.frames = report.framesDecoded ?? stats.frames;
    }
  }
  return stats;
}
