// Each camera's tile: its live picture by WebRTC, by HLS where that fails, or why there is none.

const FIRST_PICTURE_MS = { webrtc: 9000, hls: 15000 };
const GATHER_MS = 1000;
const SILENT_MS = { webrtc: 4000, hls: 10000 }; // without a packet or a new frame the picture is taken for lost
// reasons that end by themselves: after which pause the picture is asked for again, and how often
const AGAIN = { waking: [10000, 3], asked_for: [3000, 12] };

const list = document.querySelector(".tiles");
const most = Number(list?.dataset.live ?? 0);
const token = document.querySelector("meta[name=csrf-token]").content;
const opened = performance.now();
const playing = []; // tiles with a picture, the oldest first

class Tile {
  constructor(element) {
    this.element = element;
    this.video = element.querySelector("video");
    this.state = element.querySelector(".state");
    this.why = element.querySelector(".why");
    this.mends = [...element.querySelectorAll("[data-mends]")];
    this.button = element.querySelector(".show");
    this.session = crypto.getRandomValues(new Uint32Array(2)).join("");
    this.playing = false;
    this.turn = 0; // what an earlier attempt still does is ignored
    this.repeats = 0;
    this.button.addEventListener("click", () => this.start(true));
    // the browser's own controls, of sound and size, cover the picture: they are there while somebody reaches for them
    const screen = element.querySelector(".screen");
    for (const event of ["pointerenter", "pointerdown", "focusin"]) screen.addEventListener(event, () => this.control(true));
    for (const event of ["pointerleave", "focusout"]) screen.addEventListener(event, () => this.control(false));
  }

  /** `pressed`: somebody wants this one, so the oldest makes room. `quietly`: the reason stands until a picture comes. */
  async start(pressed = false, quietly = false) {
    this.stop();
    if (playing.length >= most && !pressed) return this.wait();
    if (!quietly) this.takePlace();
    const turn = ++this.turn;
    try {
      await this.play(turn, true);
    } catch {
      if (turn !== this.turn) return;
      try {
        await this.play(turn, false);
      } catch {
        if (turn === this.turn) this.refuse({ wrong: list.dataset.failed, mend: list.dataset.mend });
      }
    }
  }

  takePlace() {
    if (playing.length >= most) {
      const [oldest] = playing;
      oldest.stop();
      oldest.wait();
    }
    playing.push(this);
    this.say(list.dataset.connecting);
  }

  async play(turn, webrtc) {
    this.close();
    const peer = webrtc ? this.peer() : null;
    const answer = await this.open(peer ? await offer(peer) : "");
    if (turn !== this.turn) return;
    if (!answer) return;
    if (answer.wrong) return this.refuse(answer);
    if (!playing.includes(this)) this.takePlace();
    if (answer.sdp) {
      await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    } else {
      this.close();
      await this.attach(answer.hls, turn);
    }
    await this.firstPicture(answer.sdp ? FIRST_PICTURE_MS.webrtc : FIRST_PICTURE_MS.hls);
    if (turn !== this.turn) return;
    this.repeats = 0;
    this.playing = true;
    this.say("");
    this.watch(turn);
  }

  peer() {
    const peer = (this.connection = new RTCPeerConnection());
    const stream = new MediaStream();
    peer.addEventListener("track", ({ track }) => {
      stream.addTrack(track);
      this.video.srcObject = stream;
    });
    return peer;
  }

  /** By hls.js; the browser's own HLS, which only Safari plays well, is second choice. */
  async attach(url, turn) {
    const { default: Hls } = await import("./vendor/hls.light.min.mjs");
    if (turn !== this.turn) return;
    if (!Hls.isSupported()) {
      this.video.src = url;
      return;
    }
    this.hls = new Hls({ enableWorker: false, lowLatencyMode: false, liveSyncDurationCount: 1, backBufferLength: 10 });
    this.hls.on(Hls.Events.ERROR, (_, error) => error.fatal && this.video.onerror?.());
    this.hls.loadSource(url);
    this.hls.attachMedia(this.video);
  }

  /** The server's answer; null where the page itself has to be opened again. */
  async open(sdp) {
    const response = await fetch(`/home/cameras/${encodeURIComponent(this.element.dataset.camera)}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ session: this.session, sdp }),
    });
    if (response.ok) return response.json();
    if ([400, 401, 404].includes(response.status) && performance.now() - opened > 60000) {
      location.reload(); // signed out, or open for too long
      return null;
    }
    throw new Error(`answered ${response.status}`);
  }

  firstPicture(within) {
    const { video } = this;
    video.hidden = false;
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("no picture in time")), within);
      video.onerror = () => reject(new Error("can't be played"));
      if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(resolve);
      else video.addEventListener("loadeddata", resolve, { once: true });
      video.play().catch(() => {}); // where the browser waits for a press, its own controls have one
    });
  }

  watch(turn) {
    let frames = 0;
    let since = performance.now();
    this.timer = setInterval(() => {
      if (turn !== this.turn) return;
      const now = this.video.getVideoPlaybackQuality().totalVideoFrames;
      if (now !== frames || this.video.paused || document.hidden) {
        frames = now;
        since = performance.now();
      } else if (performance.now() - since > (this.hls ? SILENT_MS.hls : SILENT_MS.webrtc)) {
        this.start(); // the gate may have closed: the answer says so
      }
    }, 500);
  }

  refuse({ wrong, mend, mends = [], reason }) {
    this.stop();
    this.say("");
    this.why.querySelector(".wrong").textContent = wrong;
    this.why.querySelector(".mend").textContent = mend;
    this.why.hidden = false;
    for (const each of this.mends) each.hidden = !mends.includes(each.dataset.mends);
    this.button.hidden = reason === "asked_for";
    this.button.textContent = this.button.dataset.again;
    this.again(reason);
  }

  /** Asks for the picture again by itself, where the reason may end so. */
  again(reason) {
    const [after, often] = AGAIN[reason] ?? [0, 0];
    if (this.repeats >= often) {
      this.button.hidden = false;
      return;
    }
    this.repeats += 1;
    const { turn } = this;
    setTimeout(() => turn === this.turn && this.start(true, reason === "asked_for"), after);
  }

  /** Without a picture, until somebody presses. */
  wait() {
    this.say("");
    this.button.hidden = false;
    this.button.textContent = this.button.dataset.show;
  }

  say(text) {
    this.state.textContent = text;
    this.state.hidden = !text;
    for (const hidden of [this.why, this.button, ...this.mends]) hidden.hidden = true;
  }

  control(wanted) {
    this.video.controls = wanted && this.playing;
  }

  stop() {
    this.turn += 1;
    this.close();
    this.playing = this.video.controls = false;
    this.video.hidden = true;
    const at = playing.indexOf(this);
    if (at >= 0) playing.splice(at, 1);
  }

  close() {
    clearInterval(this.timer);
    this.connection?.close();
    this.connection = null;
    this.hls?.destroy();
    this.hls = null;
    this.video.onerror = null;
    this.video.srcObject = null;
    if (this.video.hasAttribute("src")) {
      this.video.removeAttribute("src");
      this.video.load();
    }
  }
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

const tiles = [...document.querySelectorAll(".tile")].map((element) => new Tile(element));
// the one that the address names has its picture first, such as one that was just added
const named = (tile) => tile.element.id === location.hash.slice(1);
for (const tile of tiles.toSorted((one, other) => named(other) - named(one))) {
  if ("starts" in tile.element.dataset) tile.start();
  else if (tile.element.dataset.reason === "asked_for") tile.again("asked_for");
}
// a fragment keeps the browser from autofocus, and takes the focus until the page is there
addEventListener("load", () => document.querySelector(".tile:target [name=encryption_code]")?.focus());
// a vendor takes seconds: a second press would ask it twice
addEventListener("submit", ({ submitter }) => setTimeout(() => (submitter.disabled = true)));
addEventListener("pagehide", () => tiles.forEach((tile) => tile.close()));
