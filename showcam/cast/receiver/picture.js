// A camera's picture on a video element: by WebRTC (WHEP), or by HLS.

// beside the look, from the same showcam
import { HLS, connectionTo, firstFrame, hlsPlayer, listed, offerOf } from "/static/playing.js";

const GATHER_MS = 500; // a TV is in the house, where the addresses are known at once
const FIRST_PICTURE_MS = { webrtc: 8000, hls: 15000 };
const SILENT_MS = { webrtc: 4000, hls: 15000 }; // without a new frame the picture counts as over
const LOOK_MS = 500;
const PAIR_MS = 2000; // in the house two addresses find each other in a second, or never (AlexxIT/WebRTC issue 941)

/** No address of the TV reaches one of showcam's: HLS may. */
export class Unpaired extends Error {}

export class Picture {
  /** `ended` is called once, when a picture that played is lost. */
  constructor(video, ended) {
    Object.assign(this, { video, ended, over: false });
  }

  /** Resolves with the first frame. `at`: where it may be fetched, the nearest first. */
  async show({ protocol, at, path }) {
    this.protocol = protocol;
    const first = firstFrame(this.video, FIRST_PICTURE_MS[protocol]);
    first.catch(() => {});
    if (protocol === "webrtc") await this.connect(at, path);
    else await this.follow(at, path);
    await first;
    if (!this.over) this.watch();
  }

  async connect(at, path) {
    const peer = (this.peer = connectionTo(this.video));
    const headers = { "Content-Type": "application/sdp" };
    const body = await offerOf(peer, GATHER_MS);
    const answer = await firstOf(at, (base) => fetch(base + path, { method: "POST", headers, body }));
    if (!answer.ok) throw new Error(`the offer was answered ${answer.status}`);
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    await paired(peer);
  }

  async follow(at, path) {
    const Hls = await hlsPlayer();
    await firstOf(at, (base) => new Promise((resolve, reject) => {
      this.hls?.destroy();
      this.hls = new Hls(HLS);
      this.hls.on(Hls.Events.MANIFEST_PARSED, resolve);
      this.hls.on(Hls.Events.ERROR, (_, error) => {
        if (!error.fatal) return;
        reject(new Error(error.details));
        if (this.video.readyState > 0) this.video.onerror?.();
      });
      this.hls.loadSource(listed(base + path));
      this.hls.attachMedia(this.video);
    }));
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
    this.video.onerror?.();
    this.peer?.close();
    this.hls?.destroy();
    this.video.onerror = null;
    this.video.srcObject = null;
  }
}

/** Resolves once two addresses have found each other. */
function paired(peer) {
  return new Promise((resolve, reject) => {
    const over = setTimeout(() => reject(new Unpaired()), PAIR_MS);
    const look = () => {
      if (["connected", "completed"].includes(peer.iceConnectionState)) {
        clearTimeout(over);
        resolve();
      }
    };
    peer.addEventListener("iceconnectionstatechange", look);
    look();
  });
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
