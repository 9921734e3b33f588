// A camera's picture on a video element: by WebRTC (WHEP), or by HLS.

const GATHER_MS = 500; // a TV is in the house, where the addresses are known at once
const FIRST_PICTURE_MS = { webrtc: 8000, hls: 15000 };
const SILENT_MS = { webrtc: 4000, hls: 15000 }; // without a new frame the picture counts as over
const LOOK_MS = 500;

export class Picture {
  /** `ended` is called once, when a picture that played is lost. */
  constructor(video, ended) {
    Object.assign(this, { video, ended, over: false });
  }

  /** Resolves with the first frame. `at`: where it may be fetched, the nearest first. */
  async show({ protocol, at, path }) {
    this.protocol = protocol;
    const first = this.firstFrame(FIRST_PICTURE_MS[protocol]);
    first.catch(() => {});
    if (protocol === "webrtc") await this.connect(at, path);
    else await this.follow(at, path);
    await first;
    if (!this.over) this.watch();
  }

  async connect(at, path) {
    const peer = (this.peer = new RTCPeerConnection());
    const stream = new MediaStream();
    peer.addEventListener("track", ({ track }) => {
      stream.addTrack(track);
      this.video.srcObject = stream;
    });
    const headers = { "Content-Type": "application/sdp" };
    const body = await offer(peer);
    const answer = await firstOf(at, (base) => fetch(base + path, { method: "POST", headers, body }));
    if (!answer.ok) throw new Error(`the offer was answered ${answer.status}`);
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  }

  async follow(at, path) {
    const { default: Hls } = await import("/static/vendor/hls.light.min.mjs");
    await firstOf(at, (base) => new Promise((resolve, reject) => {
      this.hls?.destroy();
      this.hls = new Hls({ enableWorker: false, lowLatencyMode: false, liveSyncDurationCount: 1, backBufferLength: 10 });
      this.hls.on(Hls.Events.MANIFEST_PARSED, resolve);
      this.hls.on(Hls.Events.ERROR, (_, error) => {
        if (!error.fatal) return;
        reject(new Error(error.details));
        if (this.video.readyState > 0) this.fail(new Error(error.details));
      });
      this.hls.loadSource(base + path);
      this.hls.attachMedia(this.video);
    }));
  }

  firstFrame(within) {
    return new Promise((resolve, reject) => {
      this.fail = reject;
      setTimeout(() => reject(new Error("no picture came in time")), within);
      this.video.onerror = () => reject(new Error("the picture can't be played"));
      if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(resolve);
      else this.video.addEventListener("loadeddata", resolve, { once: true });
    });
  }

  watch() {
    let frames = -1;
    let since = performance.now();
    this.timer = setInterval(() => {
      const now = this.video.getVideoPlaybackQuality().totalVideoFrames;
      if (now !== frames) {
        frames = now;
        since = performance.now();
      } else if (performance.now() - since > SILENT_MS[this.protocol]) {
        this.stop();
        this.ended();
      }
    }, LOOK_MS);
  }

  stop() {
    this.over = true;
    clearInterval(this.timer);
    this.fail?.(new Error("stopped"));
    this.peer?.close();
    this.hls?.destroy();
    this.video.onerror = null;
    this.video.srcObject = null;
  }
}

/** The first that is answered: a page of https may not reach plain http in the house, and a door may be closed. */
async function firstOf(bases, ask) {
  let failed = new Error("there is no address");
  for (const base of bases) {
    try {
      return await ask(base);
    } catch (error) {
      failed = error;
    }
  }
  throw failed;
}

/** Complete, with every candidate: none is sent later. */
async function offer(peer) {
  peer.addTransceiver("audio", { direction: "recvonly" });
  const video = peer.addTransceiver("video", { direction: "recvonly" });
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const h264 = codecs.filter(({ mimeType }) => mimeType === "video/H264");
  if (h264.length) video.setCodecPreferences?.(h264);
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((done) => {
    setTimeout(done, GATHER_MS);
    const look = () => peer.iceGatheringState === "complete" && done();
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
  return peer.localDescription.sdp;
}
