// Each camera's tile: its live picture by WebRTC, by HLS where that fails, or why there is none.

import { openAgain } from "./forms.js";
import { HLS, at, connectionTo, firstFrame, hlsPlayer, listed, offerOf } from "./playing.js";

const FIRST_PICTURE_MS = { webrtc: 9000, hls: 15000 };
const GATHER_MS = 1000;
const SILENT_MS = { webrtc: 4000, hls: 10000 }; // without a packet or a new frame the picture is taken for lost
// Reasons that end by themselves: the pauses before the picture is asked for again, after which a press is wanted.
const AGAIN = { waking: Array(7).fill(10000), asked_for: Array(12).fill(3000) };
// Others that do, as does a picture that did not come at all. The last pause is kept to, until a picture comes.
const PASSES = ["busy", "too_often", "household_full", "machine_full", "no_internet", "vendor_busy", "vendor_down", "media_down", ""];
PASSES.push("state_unknown", "encryption_unknown", "audio_unknown"); // the next list may have what this one lacked
PASSES.push("not_playable", "beyond_displays"); // said also when there is just no room to transcode the camera
const PAUSES = [5000, 10000, 20000, 40000, 60000];
const AWAY_MS = 2 * 3600 * 1000; // after so long without a sign of somebody the page asks
const STILL = { every: 300000, after: 3000, width: 640, most: 48 * 1024 }; // what the server keeps of a picture, and when
const UNSEEN_MS = 60000; // a tab that nobody sees lets its pictures go after this

const list = document.querySelector(".tiles");
const most = Number(list?.dataset.live ?? 0);
const ages = JSON.parse(list?.dataset.ages ?? "[]"); // up to so many seconds, in units of so many, these words
const away = document.querySelector(".away"); // asks whether somebody is there
const alone = Boolean(list?.classList.contains("alone")); // on a camera's own page, where all that may be done stands
const token = document.querySelector("meta[name=csrf-token]").content;
const opened = performance.now();
const ahead = Date.now() / 1000 - Number(list?.dataset.now); // of the server's clock: this machine's may be wrong
const serverNow = () => Date.now() / 1000 - ahead;
const playing = []; // tiles with a picture, the oldest first
const STILL_MS = 60000; // so old a still picture is when it is fetched again
const RETRIES = [0, 1000, 2000, 4000, 8000]; // pauses before a picture that was lost is asked for again
const STEADY_MS = 5000; // a picture that lasted so long is a good one: if it is lost, that is the first time
const MODE = "showcam-pictures";
let live = localStorage.getItem(MODE) !== "still";

class Tile {
  constructor(element) {
    this.element = element;
    this.video = element.querySelector("video");
    this.state = element.querySelector(".state");
    this.why = element.querySelector(".why");
    this.mends = [...element.querySelectorAll("[data-mends]")];
    this.button = element.querySelector(".show");
    this.tools = element.querySelector(".tools");
    this.still = element.querySelector("img[data-still]");
    this.facts = element.querySelector(".facts");
    this.told = element.dataset.reason; // why there is no picture, as the page has it; "" where there is one
    this.refusal = this.told; // the same, as the last request had it; "" also if no picture came
    this.starts = "starts" in element.dataset; // whether the page, as it was last fetched, lets its picture begin
    this.onBattery = "battery" in element.dataset; // a picture wakes it, so it waits for a press
    this.wanted = false; // a live picture, which comes back where it is lost or was let go
    this.stillAt = -STILL_MS;
    this.retries = 0;
    this.session = crypto.getRandomValues(new Uint32Array(2)).join("");
    this.playing = false;
    this.turn = 0; // what an earlier attempt still does is ignored
    this.repeats = 0;
    this.wakesBy = 0; // until then a camera on battery may take to wake, by the page's clock
    this.button.addEventListener("click", () => this.start(true));
    this.still?.addEventListener("click", () => this.start(true));
    this.still?.addEventListener("load", () => (this.still.hidden = !this.video.hidden));
    this.still?.addEventListener("error", () => (this.still.hidden = true));
    this.age = element.querySelector(".age");
    this.last = element.querySelector(".last");
    this.keptAt = -STILL.every;
    this.isSeen = false; // on the screen, or nearly
    this.isBegun = false;
    const tools = { picture: () => this.save(), screen: () => this.fill(), stop: () => this.rest(), sound: () => this.hear() };
    if (!alone) this.video.addEventListener("dblclick", () => this.fill());
    if (!alone) this.video.addEventListener("keydown", ({ key }) => key === "Enter" && this.fill());
    for (const tool of this.tools.querySelectorAll("[data-tool]")) tool.addEventListener("click", tools[tool.dataset.tool]);
    this.largest = null; // width and height of the largest picture wanted
    element.addEventListener("size", ({ detail }) => {
      this.largest = detail;
      this.start(true);
    });
  }

  /** Scrolled to the screen or away: only what is on it plays. */
  see(isSeen) {
    if (!isSeen && alone) return; // it plays on above what is read below it
    this.isSeen = isSeen;
    if (!isSeen) return this.letGo();
    if (this.isBegun) return this.goOn();
    this.isBegun = true;
    if ("starts" in this.element.dataset) live ? this.start() : this.wait();
    else if (this.told && (live || this.told === "asked_for")) this.again(this.told);
  }

  /** The picture again that was let go, or is asked for again. */
  goOn() {
    if (this.wanted && this.isSeen && !document.hidden && !playing.includes(this)) this.start(false, !this.why.hidden);
  }

  hear() {
    this.video.muted = !this.video.muted;
    this.tools.querySelector("[data-tool=sound]").setAttribute("aria-pressed", String(!this.video.muted));
  }

  /** An iPhone fills its screen with a video only. */
  fill() {
    if (this.video.requestFullscreen) this.video.requestFullscreen();
    else this.video.webkitEnterFullscreen?.();
  }

  /** `pressed`: somebody wants this one, so the oldest makes room. `quietly`: the reason stands until a picture comes. */
  async start(pressed = false, quietly = false) {
    this.stop();
    this.wanted = true;
    if (away?.open) return; // it comes when somebody is there
    if (pressed) this.wakesBy = 0;
    if (playing.length >= most && !pressed) return quietly ? this.again(this.refusal) : this.wait();
    if (!quietly) this.takePlace();
    const turn = ++this.turn;
    try {
      await this.play(turn, true);
    } catch {
      if (turn !== this.turn) return;
      try {
        await this.play(turn, false);
      } catch {
        if (turn === this.turn) this.fail();
      }
    }
  }

  /** No picture came. One that was there before is asked for again, a few times: a telephone wakes up without a network. */
  fail() {
    if (this.retries > 0) return this.lose();
    this.refuse({ wrong: list.dataset.failed, mend: list.dataset.mend });
  }

  /** The picture that was there is gone: ask for it again, at once for the first time. The gate may have closed. */
  lose() {
    if (this.retries >= RETRIES.length) {
      this.retries = 0;
      return this.fail();
    }
    const pause = RETRIES[this.retries];
    this.retries += 1;
    this.stop();
    this.takePlace();
    const { turn } = this;
    setTimeout(() => turn === this.turn && this.start(true), pause);
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
    const sdp = peer ? await offerOf(peer, GATHER_MS, "talk" in this.element.dataset ? "sendrecv" : "recvonly") : "";
    if (turn !== this.turn) return; // an attempt that was given up asks for nothing
    const answer = await this.open(sdp);
    if (turn !== this.turn) return;
    if (!answer) return;
    if (answer.wrong) return this.refuse(answer);
    if (!playing.includes(this)) this.takePlace();
    if (answer.wakes_s) {
      this.wakesBy ||= performance.now() + 1000 * answer.wakes_s;
      this.say(list.dataset.waking);
    }
    if (answer.sdp) {
      await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    } else {
      this.close();
      await this.attach(listed(at(answer.hls)), turn);
    }
    await this.firstPicture(Math.max(answer.sdp ? FIRST_PICTURE_MS.webrtc : FIRST_PICTURE_MS.hls, this.wakesWithin()));
    if (turn !== this.turn) return;
    this.repeats = this.wakesBy = 0;
    this.way = answer.way;
    this.playing = true;
    this.element.classList.add("playing");
    this.tools.hidden = false;
    this.element.dispatchEvent(new CustomEvent("shown", { detail: this.connection }));
    this.sayAge();
    if (this.still) this.still.hidden = true;
    this.say("");
    this.watch(turn);
    this.tell("");
  }

  /** So many milliseconds may pass yet until a camera on battery has woken. */
  wakesWithin() {
    return Math.max(0, this.wakesBy - performance.now());
  }

  peer() {
    const peer = (this.connection = connectionTo(this.video));
    // the media process ends a picture by closing its connection, long before silence would show that
    const { turn } = this;
    const ended = () => {
      if (turn !== this.turn || this.connection !== peer) return;
      const transports = peer.getReceivers().map(({ transport }) => transport?.state);
      if (["failed", "closed"].includes(peer.connectionState) || transports.some((state) => ["closed", "failed"].includes(state))) this.lost();
    };
    peer.addEventListener("connectionstatechange", ended);
    peer.addEventListener("track", ({ receiver }) => receiver.transport?.addEventListener("statechange", ended));
    return peer;
  }

  /** By hls.js; the browser's own HLS, which only Safari plays well, is second choice. */
  async attach(url, turn) {
    const Hls = await hlsPlayer();
    if (turn !== this.turn) return;
    if (!Hls.isSupported()) {
      this.video.src = url;
      return;
    }
    this.hls = new Hls(HLS);
    this.hls.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      // a list is answered “not yet” while the camera wakes
      if (this.wakesWithin() > 0 && !this.playing) setTimeout(() => turn === this.turn && this.hls?.loadSource(url), 2000);
      else this.video.onerror?.();
    });
    this.hls.loadSource(url);
    this.hls.attachMedia(this.video);
  }

  /** The server's answer; null where the page itself has to be opened again. */
  async open(sdp) {
    const response = await fetch(at(`/home/cameras/${encodeURIComponent(this.element.dataset.camera)}`), {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ session: this.session, sdp, largest: this.largest }),
    });
    if (response.ok) return response.json();
    if (isOver(response) || ([400, 404].includes(response.status) && performance.now() - opened > 60000)) {
      openAgain(); // to say so, and to sign in again here; or the page was open for too long
      return null;
    }
    throw new Error(`answered ${response.status}`);
  }

  lost() {
    if (this.playing) this.lose();
    else this.video.onerror?.();
  }

  firstPicture(within) {
    this.video.hidden = false;
    const first = firstFrame(this.video, within);
    this.video.play().catch(() => {}); // where the browser waits for a press, its own controls have one
    return first;
  }

  watch(turn) {
    let frames = 0;
    const began = performance.now();
    let since = began;
    this.timer = setInterval(() => {
      if (turn !== this.turn) return;
      if (this.facts) this.report();
      const now = this.video.getVideoPlaybackQuality().totalVideoFrames;
      if (performance.now() - Math.max(began + STILL.after - STILL.every, this.keptAt) > STILL.every) this.keep();
      if (now !== frames || this.video.paused || document.hidden) {
        if (performance.now() - began > STEADY_MS) this.retries = 0;
        frames = now;
        since = performance.now();
      } else if (performance.now() - since > (this.hls ? SILENT_MS.hls : SILENT_MS.webrtc)) {
        this.lose();
      }
    }, 500);
  }

  refuse({ wrong, mend, mends = [], reason }) {
    this.stop();
    this.retries = 0;
    this.say("");
    this.why.querySelector(".wrong").textContent = wrong;
    this.why.querySelector(".mend").textContent = mend;
    this.why.hidden = false;
    const what = this.why.querySelector(".what");
    if (!alone) what.open = what.firstElementChild.hidden = mend.length <= Number(list.dataset.short);
    const offered = alone ? mends : mends.slice(0, 1);
    for (const each of this.mends) each.hidden = !offered.includes(each.dataset.mends);
    this.button.hidden = this.isMended = reason === "asked_for" || offered.length > 0;
    this.button.textContent = this.button.dataset.again;
    this.again(reason ?? "");
    if (reason) this.tell(reason);
  }

  /** What the page says beside the picture, such as who else can show it, is as old as its reason. */
  tell(reason) {
    if (this.told !== reason) renewWords();
    this.told = reason;
  }

  /** Asks for the picture again by itself, where the reason may end so. A tab that nobody sees asks when it is seen. */
  again(reason) {
    this.refusal = reason;
    const passes = PASSES.includes(reason) && !this.onBattery;
    const pause = passes ? PAUSES[Math.min(this.repeats, PAUSES.length - 1)] : AGAIN[reason]?.[this.repeats];
    this.wanted = pause !== undefined;
    if (!this.wanted) {
      this.repeats = 0;
      this.button.hidden = Boolean(this.isMended ?? this.mends.some((mend) => !mend.hidden));
      return;
    }
    this.repeats += 1;
    const { turn } = this;
    // not all tiles at once: what has no room for all of them has room for some
    setTimeout(() => turn === this.turn && !document.hidden && this.isSeen && this.start(!passes, true), pause * (0.8 + 0.4 * Math.random()));
  }

  /** The fetched page lets the picture begin, or not. A reason that ended elsewhere, such as in the vendor's app, is followed by the picture. */
  follow(starts) {
    // a page that let it begin before, too, does not know the reason: `again` asks for the picture, or a press
    const hasEnded = starts && !this.starts && this.told && !this.why.hidden;
    if (hasEnded && !(live && this.isSeen && !document.hidden)) return; // a later page is asked
    this.starts = starts;
    if (hasEnded) this.start(false, playing.length < most);
  }

  /** Nobody sees it: its picture ends until it is seen again. Sound that is on is heard, and goes on. */
  letGo(isHeard = this.playing && !this.video.muted) {
    if (!this.wanted || isHeard || [document.pictureInPictureElement, document.fullscreenElement].includes(this.video)) return;
    if (!this.why.hidden) return; // its reason stands
    this.stop();
    this.say("");
    if (this.onBattery) this.wait();
  }

  /** Without a live picture, until somebody presses. */
  wait() {
    this.wanted = false;
    this.say("");
    this.renewStill();
    this.button.hidden = false;
    this.button.textContent = this.button.dataset.show;
  }

  say(text) {
    this.state.textContent = text;
    this.state.hidden = !text;
    for (const hidden of [this.why, this.button, ...this.mends]) hidden.hidden = true;
  }

  /** The picture of this moment, as small as it is kept. */
  drawn() {
    const { videoWidth, videoHeight } = this.video;
    if (!this.playing || !videoWidth) return null;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [STILL.width, Math.round((STILL.width * videoHeight) / videoWidth)];
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  /** Has the server keep the picture, which stands here when the page is opened again. */
  async keep() {
    this.keptAt = performance.now();
    if (!("keeps" in list.dataset)) return;
    const canvas = this.drawn();
    for (const quality of canvas ? [0.7, 0.4] : []) {
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (!blob || blob.size > STILL.most) continue;
      const headers = { "Content-Type": "image/jpeg", "X-CSRFToken": token };
      fetch(at(`/home/cameras/${encodeURIComponent(this.element.dataset.camera)}/last`), { method: "POST", headers, body: blob }).catch(() => {});
      return;
    }
  }

  /** Where a picture ends, its last moment stands in its place. */
  freeze() {
    const canvas = alone ? null : this.drawn();
    if (!canvas) return;
    canvas.className = "last";
    canvas.dataset.at = String(Math.round(serverNow()));
    if (this.last) this.last.replaceWith(canvas);
    else this.video.before(canvas);
    this.last = canvas;
  }

  /** “Live”, or how old the picture is that stands here. */
  sayAge() {
    if (!this.age) return;
    const at = Number(this.last?.dataset.at ?? 0);
    const passed = Math.max(0, serverNow() - at);
    const [, unit, words] = ages.find(([most]) => passed < most) ?? ages.at(-1);
    this.age.textContent = this.playing ? list.dataset.on : words.replace("{count}", String(Math.floor(passed / unit)));
    this.age.hidden = !this.playing && !at;
  }

  /** What is shown: its size, codec and way, and how long a picture takes from its arrival to the screen. */
  async report() {
    const { videoWidth, videoHeight } = this.video;
    let [codec, delay] = ["H264", null];
    if (this.connection) {
      const stats = [...(await this.connection.getStats()).values()];
      const video = stats.find(({ type, kind }) => type === "inbound-rtp" && kind === "video");
      codec = stats.find(({ id }) => id === video?.codecId)?.mimeType?.split("/")[1] ?? codec;
      if (video?.jitterBufferEmittedCount) delay = (1000 * video.jitterBufferDelay) / video.jitterBufferEmittedCount;
    } else if (this.hls) {
      delay = 1000 * this.hls.latency;
    }
    const said = { size: `${videoWidth}×${videoHeight}`, codec, delay: delay === null ? "?" : String(Math.round(delay)) };
    const facts = list.dataset.facts.replace(/\{(\w+)\}/g, (_, name) => said[name]);
    this.facts.textContent = [facts, this.way].filter(Boolean).join(" · ");
    this.facts.hidden = false;
  }

  /** Ends the picture, and asks for none by itself; a reason stands. */
  rest() {
    this.stop();
    if (this.why.hidden) return this.wait();
    this.wanted = false;
    this.repeats = 0;
  }

  /** The still picture, where none moves and the last is a minute old; a page that nobody sees fetches none. */
  renewStill() {
    if (!this.still || !this.video.hidden || playing.includes(this) || document.hidden) return;
    if (!this.why.hidden) return; // it would be refused
    if (this.still.complete && this.still.naturalWidth) this.still.hidden = false;
    if (performance.now() - this.stillAt < STILL_MS) return;
    this.stillAt = performance.now();
    this.still.src = `${this.still.dataset.still}?${Math.round(this.stillAt)}`;
  }

  /** The picture that is shown now, as a file. */
  save() {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.video.videoWidth, this.video.videoHeight];
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    const link = document.createElement("a");
    const moment = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
    link.download = `${this.element.dataset.name} ${moment}.jpg`;
    canvas.toBlob((blob) => {
      link.href = URL.createObjectURL(blob);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }, "image/jpeg", 0.92);
  }

  stop() {
    this.freeze();
    this.turn += 1;
    this.close();
    this.tools.hidden = true;
    this.element.dispatchEvent(new CustomEvent("shown", { detail: null }));
    if (this.facts) this.facts.hidden = true;
    this.playing = false;
    this.element.classList.remove("playing");
    this.video.hidden = true;
    this.sayAge();
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

const isOver = ({ status }) => status === 401;

let renewing = null; // what is said is fetched once for tiles that change together

function renewWords() {
  renewing ??= setTimeout(async () => {
    renewing = null;
    const response = await fetch(location.pathname).catch(() => null);
    const text = response?.ok ? await response.text().catch(() => "") : "";
    const now = new DOMParser().parseFromString(text, "text/html");
    for (const old of document.querySelectorAll("[data-renewed]")) {
      const within = old.closest(".tile")?.id;
      const place = within ? now.getElementById(within) : now;
      const newer = place?.querySelector(`[data-renewed="${old.dataset.renewed}"]`);
      if (newer && !old.contains(document.activeElement) && newer.innerHTML !== old.innerHTML) old.replaceWith(newer);
    }
    const [summary, newer] = [document, now].map((page) => page.querySelector(".summary"));
    if (summary && newer && summary.textContent !== newer.textContent) summary.textContent = newer.textContent;
    for (const tile of tiles) {
      const newer = now.getElementById(tile.element.id);
      if (newer) tile.follow("starts" in newer.dataset);
    }
  }, 500);
}

const tiles = [...document.querySelectorAll(".tile")].map((element) => new Tile(element));
const tileOf = new Map(tiles.map((tile) => [tile.element, tile]));
const nearby = new IntersectionObserver(
  (entries) => entries.forEach(({ target, isIntersecting }) => tileOf.get(target).see(isIntersecting)),
  { rootMargin: "200px" },
);
// the one that the address names has its picture first, such as one that was just added
const named = (tile) => tile.element.id === location.hash.slice(1);
tiles.find(named)?.see(true);
for (const tile of tiles) nearby.observe(tile.element);

const modes = document.querySelector(".modes");
const choose = (wanted) => {
  live = wanted;
  localStorage.setItem(MODE, live ? "live" : "still");
  for (const button of modes.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String((button.dataset.mode === "live") === live));
  }
};
if (modes) {
  modes.hidden = false;
  choose(live);
  for (const button of modes.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      choose(button.dataset.mode === "live");
      for (const tile of tiles) {
        if (live && !tile.onBattery) {
          tile.wanted = true;
          tile.goOn();
        } else if (!live && (tile.why.hidden || tile.told !== "asked_for")) {
          tile.rest();
        }
      }
    });
  }
}
const renew = () => tiles.forEach((tile) => (tile.isSeen && tile.renewStill(), tile.sayAge()));
setInterval(renew, 5000);
// while the page is open the cameras are read again and again, and assistants hear of changes soon
setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch(at("/home/open"), { redirect: "error" }).catch(() => null);
  if (answer && isOver(answer)) return openAgain(); // to say so, and to sign in again
  if (tiles.some(({ told, why }) => told && !why.hidden)) renewWords();
}, 15000);
let unseen = null;
const waitUnseen = () => {
  clearTimeout(unseen);
  if (document.hidden) unseen = setTimeout(() => tiles.forEach((tile) => tile.letGo()), UNSEEN_MS);
};
document.addEventListener("visibilitychange", () => {
  waitUnseen();
  if (document.hidden) return;
  tiles.forEach((tile) => tile.goOn());
  renew();
});
waitUnseen(); // a tab may be opened in the background
let sign = performance.now();
for (const event of ["pointerdown", "pointermove", "keydown", "scroll"]) addEventListener(event, () => (sign = performance.now()), { passive: true });
setInterval(() => {
  if (!away || away.open || document.hidden || !playing.length || performance.now() - sign < AWAY_MS) return;
  for (const tile of tiles) {
    if (tile.why.hidden) tile.letGo(false);
    else tile.stop(); // its reason stands, and nothing is asked for meanwhile
  }
  away.showModal();
}, 60000);
away?.querySelector("button").addEventListener("click", () => away.close());
away?.addEventListener("close", () => tiles.forEach((tile) => tile.goOn()));
const search = document.querySelector(".search");
if (search) search.hidden = false;
const rooms = document.querySelector(".rooms");
if (rooms) rooms.hidden = false;
const sift = () => {
  const wanted = search?.value.trim().toLowerCase() ?? "";
  const room = rooms?.querySelector("[aria-pressed=true]").dataset.room;
  for (const { element } of tiles) element.hidden = !element.dataset.name.toLowerCase().includes(wanted) || Boolean(room && element.dataset.room !== room);
  document.querySelector(".none").hidden = tiles.some(({ element }) => !element.hidden);
};
search?.addEventListener("input", sift);
rooms?.addEventListener("click", ({ target }) => {
  const chosen = target.closest("button");
  if (!chosen) return;
  for (const each of rooms.children) each.setAttribute("aria-pressed", String(each === chosen));
  sift();
});
// a fragment keeps the browser from autofocus, and takes the focus until the page is there
addEventListener("load", () => document.querySelector(".tile:target [name=encryption_code]")?.focus());
addEventListener("pagehide", () => {
  for (const tile of tiles) {
    if (tile.onBattery && playing.includes(tile)) tile.rest();
    else tile.stop();
  }
});
// a page that comes back from the browser's memory shows its pictures again
addEventListener("pageshow", ({ persisted }) => persisted && tiles.forEach((tile) => tile.goOn()));
