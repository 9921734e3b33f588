// The television on the practice page: what a Cast receiver plays, and what a person does at it.

import { say } from "/page/words.js";

const EVERY_MS = 1000;
const STATES = { BUFFERING: "begins", PLAYING: "plays", IDLE: "plays nothing" };

export class Television {
  constructor(element) {
    this.element = element;
    this.part = (name) => element.querySelector(`[data-part="${name}"]`);
    for (const what of ["home", "youtube"]) this.part(what).addEventListener("click", () => this.press(what));
    this.look();
  }

  async press(what) {
    await fetch(`/_television/${what}`, { method: "POST" });
    await this.look(false);
  }

  async look(again = true) {
    try {
      const response = await fetch("/_television");
      if (!response.ok) throw new Error(response.status);
      this.draw(await response.json());
    } catch {
      this.part("state").textContent = "The television can't be read just now.";
    }
    if (again) setTimeout(() => this.look(), EVERY_MS);
  }

  draw(facts) {
    const shown = facts.frames > 0 && facts.state === "PLAYING";
    const picture = this.part("picture");
    picture.hidden = !shown;
    this.part("face").hidden = shown;
    if (shown) {
      picture.src = `/_television/picture.jpg?${facts.frames}`;
      picture.alt = `A still picture of ${facts.title}, renewed each second`;
    }
    this.part("idle").textContent = facts.app === "233637DE" ? "YouTube, from somebody’s telephone" : say("Nothing is cast.");
    this.part("name").textContent = facts.title;
    const sound = facts.sound ? "with sound" : "without sound";
    const size = shown ? `${facts.width}×${facts.height}, ${facts.frames} pictures, ${sound}` : (STATES[facts.state] ?? "");
    this.part("state").textContent = facts.why ? `It gave up: ${facts.why}.` : size;
    this.part("home").disabled = facts.app === "";
  }
}
