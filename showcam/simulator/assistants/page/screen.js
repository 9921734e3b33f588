// One drawn screen: the wish, showcam's answer, the picture and its outcome.

import { HlsPlayer, NoPicture, WebRtcPlayer, statsOf } from "/page/player.js";
import { hear, read } from "/page/voice.js";
import { language, say } from "/page/words.js";

const RETRIES_MS = [0, 1000, 2000, 4000, 8000];
const SILENCE = { spoken: "", told: null, person: null, broken: [] };
const STEADY_MS = 10_000;
const CHIPS = 6;
const CAPTION_MS = 8000; // so long an answer stands over a picture
// Errors that end by themselves: after a lost picture the wish is repeated.
const TRANSIENT = /^(BRIDGE_UNREACHABLE|INTERNAL_ERROR|ENDPOINT_BUSY|streamUnavailable|transientError|deviceBusy)/;

export class Screen {
  /** `spoken` are example wishes for showcam's own skill, where the assistant has one. */
  constructor(assistant, title, speaker, messages, examples, spoken = []) {
    this.assistant = assistant;
    this.speaker = speaker;
    this.messages = messages;
    this.player = null;
    this.muted = false;
    this.turn = 0; // each wish begins a new one; results of an older turn are dropped
    this.tries = 0;
    this.linked = false;
    this.build(title, examples, spoken);
  }

  get pc() { return this.player?.pc ?? null; }
  get video() { return this.elements.video; }
  async stats() { return { firstPictureMs: this.firstPictureMs ?? null, ...(await statsOf(this.player, this.video)) }; }

  build(title, examples, spoken) {
    this.element = document.getElementById("screen").content.cloneNode(true).firstElementChild;
    this.element.dataset.assistant = this.assistant;
    this.elements = {};
    for (const element of this.element.querySelectorAll("[data-part]")) {
      this.elements[element.dataset.part] = element;
      element.dataset.testid = `${this.assistant}-${element.dataset.part}`;
    }
    const { elements } = this;
    this.element.querySelector("h2").textContent = title;
    elements.text.id = `${this.assistant}-text`;
    elements["text-label"].htmlFor = elements.text.id;
    elements["text-label"].textContent = say("Say to {name}", { name: this.speaker });
    elements.text.placeholder = examples[0];
    elements["told-title"].textContent = say("What {name} was told", { name: this.speaker });
    elements.video.setAttribute("aria-label", `Picture on the ${title}`);
    elements.chips.append(...examples.slice(0, CHIPS).map((words) => this.chip(words)));
    elements.rest.append(...examples.slice(CHIPS).map((words) => this.chip(words)));
    elements.more.addEventListener("click", () => this.showMore(elements.others.hidden));
    hear(elements.microphone, (words) => {
      elements.text.value = words;
      this.say(words);
    });
    elements.spoken.hidden = !spoken.length;
    elements.skill.append(...spoken.map((words) => this.chip(words)));
    elements.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say(elements.text.value);
    });
    elements.pin.id = `${this.assistant}-pin`;
    elements["pin-label"].htmlFor = elements.pin.id;
    elements["pin-form"].addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask(this.wish, say("Asking…"), elements.pin.value);
    });
    elements.link.addEventListener("click", () => (this.linked ? this.unlink() : location.assign(`/assistants/${this.assistant}/link?language=${language}`)));
    elements.sound.addEventListener("click", () => this.mute(!this.muted));
  }

  showMore(wanted) {
    this.elements.others.hidden = !wanted;
    this.elements.more.setAttribute("aria-expanded", String(wanted));
    this.elements.more.textContent = say(wanted ? "Fewer" : "More");
  }

  chip(words) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", () => {
      this.elements.text.value = words;
      this.say(words);
    });
    return button;
  }

  async refresh() {
    try {
      const response = await fetch(`/assistants/${this.assistant}`);
      if (response.ok) this.show(await response.json());
      await this.messages.pull(this.assistant);
    } catch { /* the simulator has ended or the page is being left: the next wish will show it */ }
  }

  show(about) {
    const { elements } = this;
    this.linked = about.linked;
    this.element.dataset.linked = about.linked ? "yes" : "no";
    const number = about.cameras?.length;
    const count = about.cameras ? `, ${number === 1 ? say("one camera") : say("{count} cameras", { count: number })}` : "";
    elements["link-state"].textContent = about.linked ? `${say("Linked")}${count}` : say("Not linked");
    elements.link.textContent = say(about.linked ? "Unlink" : "Link");
    elements.link.ariaLabel = `${elements.link.textContent} ${this.speaker}`;
    this.cameras = about.cameras ?? [];
    elements.knows.hidden = !this.cameras.length;
    elements.knows.textContent = this.cameras.map((camera) => `${camera.name}${stateOf(about.states?.[camera.id])}`).join(", ");
    elements.problem.hidden = !about.problem;
    elements.problem.textContent = about.problem ? `Linking: ${about.problem}` : "";
    elements.idle.textContent = about.linked ? say("Try “{example}”", { example: elements.text.placeholder }) : say("Not linked yet. Press Link and sign in.");
  }

  /** What the assistant's app says when the sign-in has led back to it. */
  confirmLink() {
    this.showOutcome({ ...SILENCE, language, spoken: say("showcam has been successfully linked to {name}.", { name: this.speaker }) });
  }

  /** Hears what happens without a wish: a report came, somebody rang. */
  listen() {
    const news = new EventSource(`/assistants/${this.assistant}/news`);
    news.addEventListener("message", async ({ data }) => {
      const { kind, camera } = JSON.parse(data);
      if (kind === "ring") this.ring(camera);
      await this.refresh();
      if (kind === "announcement") this.announce(camera);
    });
  }

  /** An Echo opens the view of the doorbell that rings. */
  async ring(camera) {
    this.announce(camera);
    this.tries = 0;
    await this.ask({ camera }, say("Somebody is at {name}.", { name: this.nameOf(camera) }));
  }

  announce(camera) {
    if (!this.player) this.showOutcome({ ...SILENCE, language, spoken: say("Somebody is at {name}.", { name: this.nameOf(camera) }) });
  }

  nameOf(id) {
    return this.cameras?.find((camera) => camera.id === id)?.name ?? "the door";
  }

  tick(now) {
    this.elements.clock.textContent = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    if (this.player?.playing) this.drawStats();
  }

  async unlink() {
    this.stop();
    this.elements.link.disabled = true;
    await this.post("unlink", {}).catch(() => {});
    this.elements.link.disabled = false;
    this.showOutcome(SILENCE);
    await this.refresh();
  }

  /** Sends a person's wish. */
  async say(text) {
    if (!text.trim()) return;
    this.tries = 0;
    await this.ask({ text }, say("Asking…"));
  }

  /** `wish`: { text } of a person, or { camera } that rings; `pin` is what the person says when the screen asks for it. */
  async ask(wish, busy, pin = "") {
    const turn = ++this.turn;
    this.wish = wish;
    const current = () => turn === this.turn;
    const started = performance.now();
    this.stop({ keepTurn: true });
    this.showOutcome(SILENCE);
    this.busy(busy);
    let outcome;
    try {
      const result = await this.post(wish.camera ? "open" : "say", { ...wish, via: this.elements.via.value, pin, language });
      outcome = result.outcome;
      if (current()) this.needPin(result.need === "pin");
      if (current()) outcome = await this.follow(result, current, started, wish);
    } catch (error) {
      if (!current()) return;
      this.stop({ keepTurn: true });
      const why = error instanceof NoPicture ? error.message : `this browser could not play it (${error.name})`;
      outcome = { shown: false, spoken: "Sorry, the camera isn't responding.", told: null, person: `No picture: ${sentence(why)}`, broken: [], transient: true };
    }
    await this.messages.pull(this.assistant).catch(() => {});
    if (!current()) return;
    this.busy("");
    this.showOutcome(outcome);
    await this.refresh();
    if (!outcome.shown && this.tries > 0 && (outcome.transient || TRANSIENT.test(outcome.told ?? ""))) this.again(wish);
  }

  /** Plays the promised picture; returns the final outcome. */
  async follow(result, current, started, wish) {
    const lost = () => this.again(wish);
    if (result.hide || !(result.need === "offer" || result.webrtc || result.hls)) return result.outcome;
    const { camera } = result;
    this.busy(say("Opening {name}…", { name: camera.name }));
    let { outcome } = result;
    if (result.hls) {
      this.player = new HlsPlayer(this.video, lost);
      await this.player.play(result.hls, () => this.start(), result.image);
    } else {
      this.player = new WebRtcPlayer(this.video, lost, result.webrtc?.iceServers ? JSON.parse(result.webrtc.iceServers) : []);
      const { player } = this;
      const sdp = await player.offer();
      if (!current()) return outcome;
      let answer, connected;
      if (result.webrtc) {
        answer = await this.signal(result, sdp);
        this.ending = { url: result.webrtc.signalingUrl, token: result.webrtc.authToken, device: camera.id };
      } else {
        const answered = await this.post("offer", { session: result.session, sdp, language });
        outcome = answered.outcome;
        answer = answered.answer;
        this.session = result.session;
        connected = () => this.post("session", { session: result.session, event: "connected" }).then(({ broken }) => this.breaks(broken));
      }
      if (!current() || !answer) {
        if (current()) this.stop({ keepTurn: true });
        return outcome;
      }
      await player.play(answer, () => this.start(), connected);
    }
    if (!current()) return outcome;
    this.firstPictureMs = Math.round(performance.now() - started);
    this.since = performance.now();
    this.elements.name.textContent = result.screen ? `${camera.name} on ${result.screen}` : camera.name;
    this.elements.sound.hidden = false;
    this.elements.face.hidden = true;
    this.element.dataset.state = "shown";
    await this.drawStats();
    return outcome;
  }

  /** Google's player: the offer goes straight to the signalling URL, from this page's origin. */
  async signal(result, sdp) {
    const { signalingUrl, authToken } = result.webrtc;
    const body = { action: "offer", deviceId: result.camera.id, sdp };
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

  /** Repeats the wish after a lost picture: at once, then with a longer pause each time. */
  again(wish) {
    if (this.since && performance.now() - this.since > STEADY_MS) this.tries = 0;
    if (this.tries >= RETRIES_MS.length) return;
    const turn = this.turn;
    this.stop({ keepTurn: true });
    this.busy(say("The picture was lost. Asking again…"));
    setTimeout(() => {
      if (turn === this.turn) this.ask(wish, say("The picture was lost. Asking again…"));
    }, RETRIES_MS[this.tries++]);
  }

  /** Starts the video with sound where the browser allows it, else muted. */
  async start() {
    this.mute(this.muted);
    // play() resolves only with the first picture, but rejects at once where sound is not allowed
    this.video.play().catch((error) => {
      if (error.name !== "NotAllowedError") return; // the player reports other faults
      this.mute(true);
      this.video.play().catch(() => {});
    });
  }

  mute(muted) {
    this.muted = this.video.muted = muted;
    this.elements.sound.textContent = say(muted ? "Sound on" : "Mute");
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
    this.elements.face.hidden = false;
    this.elements.sound.hidden = true;
    this.elements.name.textContent = "";
    this.elements.stats.textContent = say("No picture.");
    this.element.dataset.state = "idle";
  }

  busy(words) {
    this.elements.busy.hidden = !words;
    this.elements["busy-text"].textContent = words;
    if (words) this.element.dataset.state = "asking";
    else if (this.element.dataset.state === "asking") this.element.dataset.state = "idle";
  }

  showOutcome(outcome) {
    const { elements } = this;
    elements.outcome.textContent = outcome.spoken;
    this.caption(outcome);
    if (outcome.spoken) read(outcome.spoken, outcome.language);
    if (!outcome.told) this.needPin(false);
    elements.told.textContent = outcome.told ?? "";
    elements.person.textContent = outcome.person ?? "";
    elements["told-row"].hidden = !outcome.told;
    elements["person-row"].hidden = !outcome.person;
    elements.broken.textContent = "";
    elements.broken.hidden = true;
    elements.card.hidden = !(outcome.told || outcome.person);
    this.breaks(outcome.broken);
    if (!outcome.shown && (outcome.told || outcome.person)) this.element.dataset.state = "refused";
  }

  /** The answer on the glass: with its reason where there is no picture, over a picture for a while. */
  caption(outcome) {
    const { answer } = this.elements;
    const isShown = Boolean(this.player?.playing);
    answer.textContent = [outcome.spoken, isShown ? "" : outcome.person].filter(Boolean).join(" ");
    answer.hidden = !answer.textContent;
    clearTimeout(this.captioned);
    if (isShown) this.captioned = setTimeout(() => (answer.hidden = true), CAPTION_MS);
  }

  needPin(needed) {
    this.elements["pin-form"].hidden = !needed;
    this.elements.pin.value = "";
    if (needed) this.elements.pin.focus();
  }

  breaks(broken) {
    if (!broken?.length) return;
    this.elements.broken.textContent = broken.join("\n");
    this.elements.broken.hidden = this.elements.card.hidden = false;
    this.element.dataset.state = "broken";
  }

  async drawStats() {
    const stats = await this.stats();
    if (!this.player?.playing) return;
    const lost = stats.packetsLost ? `, ${stats.packetsLost} packets lost` : "";
    this.elements.stats.textContent =
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

/** What the assistant was told of a camera that is not as usual. */
function stateOf(states) {
  if (!states) return "";
  const offline = states.online === false || states.connectivity?.value === "UNREACHABLE";
  const moving = states.detectionState === "DETECTED" || states.currentStatusReport?.some(({ statusCode }) => statusCode === "motionDetected");
  return offline ? ` (${say("offline")})` : moving ? ` (${say("motion")})` : "";
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
