// showcam's own Cast receiver: shows what showcam asks for, and leaves the TV when nothing is shown for a minute.

import { connect, isCastDevice } from "./on_cast.js";
import { Picture, Unpaired } from "./picture.js";

const LEAVE_MS = 60000;
// said until the first frame of a camera on battery, in the language of the TV
const WAKING = {
  de: (name) => `${name} wacht auf …`,
  nb: (name) => `${name} våkner …`,
  no: (name) => `${name} våkner …`,
  en: (name) => `${name} is waking …`,
};
const NAME_MS = 5000;

class Receiver {
  constructor() {
    this.video = document.querySelector("#picture");
    this.name = document.querySelector("#name");
    this.cast = null;
  }

  async start() {
    if (!isCastDevice()) {
      this.label(`This page is for a TV, which ${document.title} opens on it.`, Infinity);
      return;
    }
    this.cast = await connect(document.querySelector("#media"), (asked) => this.hear(asked), () => this.giveWay());
    this.wait();
  }

  hear(asked) {
    if (asked.type === "show") this.show(asked);
    else if (asked.type === "waking") this.wake(asked.title);
    else if (asked.type === "stop") this.cast.leave();
  }

  /** Nothing can be fetched yet; showcam says so again every few seconds, or what to show. */
  wake(title) {
    this.clear();
    this.label(waking(title), Infinity);
    this.wait();
  }

  async show(asked) {
    this.clear();
    if (asked.waking) this.label(waking(asked.title), Infinity);
    const picture = (this.picture = new Picture(this.video, () => this.lost(asked.id, "ended")));
    this.video.hidden = false;
    try {
      await picture.show(asked);
    } catch (error) {
      if (picture !== this.picture) return;
      this.lost(asked.id, error instanceof Unpaired ? "unpaired" : "failed");
      if (asked.waking) this.label(waking(asked.title), Infinity); // the next try comes at once
      return;
    }
    if (picture !== this.picture) return;
    this.id = asked.id;
    this.label(asked.title, NAME_MS);
    this.say(asked.id, "playing");
  }

  /** Somebody else loads something: what was shown is over. */
  giveWay() {
    if (this.picture) this.lost(this.id, "taken");
  }

  lost(id, state) {
    this.clear();
    this.say(id, state);
    this.wait();
  }

  clear() {
    clearTimeout(this.waiting);
    this.picture?.stop();
    this.picture = null;
    this.video.hidden = true;
    this.label("", 0);
  }

  /** Leaves, unless something is shown until then. */
  wait() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => (this.cast.isPlaying() ? this.wait() : this.cast.leave()), LEAVE_MS);
  }

  label(text, milliseconds) {
    clearTimeout(this.labelled);
    this.name.textContent = text;
    this.name.hidden = !text;
    if (Number.isFinite(milliseconds) && text) {
      this.labelled = setTimeout(() => (this.name.hidden = true), milliseconds);
    }
  }

  say(id, state) {
    this.cast.say({ type: "state", id, state });
  }
}

function waking(name) {
  const known = navigator.languages.map((tag) => tag.slice(0, 2)).find((language) => language in WAKING);
  return WAKING[known ?? "en"](name);
}

new Receiver().start();
