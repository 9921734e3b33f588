// One drawn screen: what is said to it, what showcam answers, the picture, and the words about it.

import { HlsPlayer, NoPicture, WebRtcPlayer, statsOf } from "/page/player.js";

const RETRIES_MS = [300, 1000, 2000, 4000, 8000];
const SILENCE = { spoken: "", told: null, person: null, broken: [] };
const STEADY_MS = 10_000;
// Errors that pass by themselves: after a lost picture they are worth asking again.
const PASSING = /^(BRIDGE_UNREACHABLE|INTERNAL_ERROR|ENDPOINT_BUSY|streamUnavailable|transientError|deviceBusy)/;

export class Screen {
  /** `spoken`: what can be asked of a skill of showcam's own, where the assistant has such. */
  constructor(assistant, title, speaker, messages, examples, spoken = []) {
    this.assistant = assistant;
    this.speaker = speaker;
    this.messages = messages;
    this.player = null;
    this.muted = false;
    this.turn = 0; // each thing said begins a new one; what belongs to an older turn is dropped
    this.tries = 0;
    this.linked = false;
    this.build(title, examples, spoken);
  }

  get pc() { return this.player?.pc ?? null; }
  get video() { return this.parts.video; }
  async stats() { return { firstPictureMs: this.firstPictureMs ?? null, ...(await statsOf(this.player, this.video)) }; }

  build(title, examples, spoken) {
    this.element = document.getElementById("screen").content.cloneNode(true).firstElementChild;
    this.element.dataset.assistant = this.assistant;
    this.parts = {};
    for (const part of this.element.querySelectorAll("[data-part]")) {
      this.parts[part.dataset.part] = part;
      part.dataset.testid = `${this.assistant}-${part.dataset.part}`;
    }
    const { parts } = this;
    this.element.querySelector("h2").textContent = title;
    parts.text.id = `${this.assistant}-text`;
    parts["text-label"].htmlFor = parts.text.id;
    parts["text-label"].textContent = `Say to ${this.speaker}`;
    parts.text.placeholder = examples[0];
    parts["told-title"].textContent = `What ${this.speaker} was told`;
    parts.video.setAttribute("aria-label", `Picture on the ${title}`);
    parts.chips.append(...examples.map((words) => this.chip(words)));
    parts.spoken.hidden = !spoken.length;
    parts.skill.append(...spoken.map((words) => this.chip(words)));
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say(parts.text.value);
    });
    parts.pin.id = `${this.assistant}-pin`;
    parts["pin-label"].htmlFor = parts.pin.id;
    parts["pin-form"].addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask(this.said, "Asking…", parts.pin.value);
    });
    parts.link.addEventListener("click", () => (this.linked ? this.unlink() : location.assign(`/assistants/${this.assistant}/link`)));
    parts.sound.addEventListener("click", () => this.mute(!this.muted));
  }

  chip(words) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", () => {
      this.parts.text.value = words;
      this.say(words);
    });
    return button;
  }

  async refresh() {
    try {
      const response = await fetch(`/assistants/${this.assistant}`);
      if (response.ok) this.show(await response.json());
      await this.messages.pull(this.assistant);
    } catch { /* the simulator is gone or the page is being left: the next thing said will tell */ }
  }

  show(about) {
    const { parts } = this;
    this.linked = about.linked;
    this.element.dataset.linked = about.linked ? "yes" : "no";
    const count = about.cameras ? `, ${about.cameras.length} camera${about.cameras.length === 1 ? "" : "s"}` : "";
    parts["link-state"].textContent = about.linked ? `Linked${count}` : "Not linked";
    parts.link.textContent = about.linked ? "Unlink" : "Link";
    parts.link.ariaLabel = `${parts.link.textContent} ${this.speaker}`;
    parts.problem.hidden = !about.problem;
    parts.problem.textContent = about.problem ? `Linking: ${about.problem}` : "";
    parts.idle.textContent = about.linked ? `Try “${parts.text.placeholder}”` : "Not linked yet. Press Link and sign in.";
  }

  tick(now) {
    this.parts.clock.textContent = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    if (this.player?.playing) this.drawStats();
  }

  async unlink() {
    this.stop();
    this.parts.link.disabled = true;
    await this.post("unlink", {}).catch(() => {});
    this.parts.link.disabled = false;
    this.tell(SILENCE);
    await this.refresh();
  }

  /** Something a person says. */
  async say(text) {
    if (!text.trim()) return;
    this.tries = 0;
    await this.ask(text, "Asking…");
  }

  /** `pin` is what the person says when the screen asks for it. */
  async ask(text, busy, pin = "") {
    const turn = ++this.turn;
    this.said = text;
    const current = () => turn === this.turn;
    const asked = performance.now();
    this.stop({ keepTurn: true });
    this.tell(SILENCE);
    this.busy(busy);
    let outcome;
    try {
      const told = await this.post("say", { text, via: this.parts.via.value, pin });
      outcome = told.outcome;
      if (current()) this.needPin(told.need === "pin");
      if (current()) outcome = await this.follow(told, current, asked, text);
    } catch (error) {
      if (!current()) return;
      this.stop({ keepTurn: true });
      const why = error instanceof NoPicture ? error.message : `this browser could not play it (${error.name})`;
      outcome = { shown: false, spoken: "Sorry, the camera isn't responding.", told: null, person: `No picture: ${sentence(why)}`, broken: [], passing: true };
    }
    await this.messages.pull(this.assistant).catch(() => {});
    if (!current()) return;
    this.busy("");
    this.tell(outcome);
    await this.refresh();
    if (!outcome.shown && this.tries > 0 && (outcome.passing || PASSING.test(outcome.told ?? ""))) this.again(text);
  }

  /** Plays what was promised; the outcome that is true in the end. */
  async follow(told, current, asked, text) {
    const lost = () => this.again(text);
    if (told.hide || !(told.need === "offer" || told.webrtc || told.hls)) return told.outcome;
    const { camera } = told;
    this.busy(`Opening ${camera.name}…`);
    let { outcome } = told;
    if (told.hls) {
      this.player = new HlsPlayer(this.video, lost);
      await this.player.play(told.hls, () => this.start(), told.image);
    } else {
      this.player = new WebRtcPlayer(this.video, lost, told.webrtc?.iceServers ? JSON.parse(told.webrtc.iceServers) : []);
      const { player } = this;
      const sdp = await player.offer();
      if (!current()) return outcome;
      let answer, connected;
      if (told.webrtc) {
        answer = await this.signal(told, sdp);
        this.ending = { url: told.webrtc.signalingUrl, token: told.webrtc.authToken, device: camera.id };
      } else {
        const answered = await this.post("offer", { session: told.session, sdp });
        outcome = answered.outcome;
        answer = answered.answer;
        this.session = told.session;
        connected = () => this.post("session", { session: told.session, event: "connected" }).then(({ broken }) => this.breaks(broken));
      }
      if (!current() || !answer) {
        if (current()) this.stop({ keepTurn: true });
        return outcome;
      }
      await player.play(answer, () => this.start(), connected);
    }
    if (!current()) return outcome;
    this.firstPictureMs = Math.round(performance.now() - asked);
    this.since = performance.now();
    this.parts.name.textContent = told.screen ? `${camera.name} on ${told.screen}` : camera.name;
    this.parts.sound.hidden = false;
    this.parts.face.hidden = true;
    this.element.dataset.state = "shown";
    await this.drawStats();
    return outcome;
  }

  /** Google's player: the offer goes straight to the signalling URL, from this page's origin. */
  async signal(told, sdp) {
    const { signalingUrl, authToken } = told.webrtc;
    const body = { action: "offer", deviceId: told.camera.id, sdp };
    const { status, data } = await this.direct("Player: offer", signalingUrl, authToken, body);
    if (status !== 200 || data?.action !== "answer") {
      const why = data?.detail ? `: ${data.detail}` : "";
      throw new NoPicture(`the signalling URL answered ${status || "nothing that CORS lets through"}${why}`);
    }
    return data.sdp;
  }

  async direct(title, url, token, body) {
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const started = performance.now();
    let status = 0, data = null;
    try {
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", keepalive: body.action === "end" });
      status = response.status;
      data = await response.json().catch(() => null);
    } catch { /* status 0: refused by CORS, or unreachable */ }
    const ms = Math.round(performance.now() - started);
    this.messages.report(this.assistant, { title, method: "POST", url, headers, request: body, status, response: data, ms }).catch(() => {});
    return { status, data };
  }

  /** The picture was lost: ask again, more patiently each time. */
  again(text) {
    if (this.since && performance.now() - this.since > STEADY_MS) this.tries = 0;
    if (this.tries >= RETRIES_MS.length) return;
    const turn = this.turn;
    this.stop({ keepTurn: true });
    this.busy("The picture was lost. Asking again…");
    setTimeout(() => {
      if (turn === this.turn) this.ask(text, "The picture was lost. Asking again…");
    }, RETRIES_MS[this.tries++]);
  }

  /** Starts the video with sound where the browser lets it, else silent, saying so. */
  async start() {
    this.mute(this.muted);
    // play() resolves only when a picture is there: whether it may sound is known at once
    this.video.play().catch((error) => {
      if (error.name !== "NotAllowedError") return; // the player itself tells what is wrong
      this.mute(true);
      this.video.play().catch(() => {});
    });
  }

  mute(muted) {
    this.muted = this.video.muted = muted;
    this.parts.sound.textContent = muted ? "Sound on" : "Mute";
  }

  stop({ keepTurn = false } = {}) {
    if (!keepTurn) this.turn += 1;
    this.player?.stop();
    this.player = null;
    this.since = 0;
    if (this.ending) {
      const { url, token, device } = this.ending;
      this.direct("Player: end", url, token, { action: "end", deviceId: device });
    }
    if (this.session) this.post("session", { session: this.session, event: "closed" }).then(({ broken }) => this.breaks(broken)).catch(() => {});
    this.ending = this.session = null;
    this.parts.face.hidden = false;
    this.parts.sound.hidden = true;
    this.parts.name.textContent = "";
    this.parts.stats.textContent = "No picture.";
    this.element.dataset.state = "idle";
  }

  busy(words) {
    this.parts.busy.hidden = !words;
    this.parts["busy-text"].textContent = words;
    if (words) this.element.dataset.state = "asking";
    else if (this.element.dataset.state === "asking") this.element.dataset.state = "idle";
  }

  tell(outcome) {
    const { parts } = this;
    parts.outcome.textContent = outcome.spoken;
    if (!outcome.told) this.needPin(false);
    parts.told.textContent = outcome.told ?? "";
    parts.person.textContent = outcome.person ?? "";
    parts["told-row"].hidden = !outcome.told;
    parts["person-row"].hidden = !outcome.person;
    parts.broken.textContent = "";
    parts.broken.hidden = true;
    parts.card.hidden = !(outcome.told || outcome.person);
    this.breaks(outcome.broken);
    if (!outcome.shown && (outcome.told || outcome.person)) this.element.dataset.state = "refused";
  }

  needPin(needed) {
    this.parts["pin-form"].hidden = !needed;
    this.parts.pin.value = "";
    if (needed) this.parts.pin.focus();
  }

  breaks(broken) {
    if (!broken?.length) return;
    this.parts.broken.textContent = broken.join("\n");
    this.parts.broken.hidden = this.parts.card.hidden = false;
    this.element.dataset.state = "broken";
  }

  async drawStats() {
    const stats = await this.stats();
    if (!this.player?.playing) return;
    const lost = stats.packetsLost ? `, ${stats.packetsLost} packets lost` : "";
    this.parts.stats.textContent =
      `${stats.protocol === "hls" ? "HLS" : "WebRTC"}, ${stats.width}×${stats.height}, ${stats.frames} frames${lost}, first picture after ${stats.firstPictureMs} ms`;
  }

  async post(what, body) {
    const response = await fetch(`/assistants/${this.assistant}/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }).catch(() => { throw new NoPicture("the simulator did not answer"); });
    if (!response.ok) throw new NoPicture((await response.json().catch(() => ({}))).detail ?? "the simulator refused");
    return response.json();
  }
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
