// The simulated cameras and what a person can change about them, through the simulator's control door.

import { say } from "/page/words.js";

const SWITCHES = [
  ["encryption", "Image Encryption"],
  ["audio", "Audio"],
  ["online", "Online"],
  ["asleep", "Sleep Mode"],
];

const HAPPENINGS = [
  ["motion", "Motion", "something moves"],
  ["person", "Person", "somebody comes"],
];

export class Cameras {
  constructor(place, status) {
    this.place = place;
    this.status = status;
  }

  async refresh() {
    try {
      const response = await fetch("/_control");
      if (!response.ok) throw new Error(response.status);
      const state = await response.json();
      this.draw(state.cameras ?? state);
      this.say("");
    } catch {
      this.say("The simulated cameras can't be read just now. Reload the page to try again.", true);
    }
  }

  say(words, bad = false) {
    this.status.textContent = words;
    this.status.classList.toggle("bad", bad);
  }

  draw(cameras) {
    if (this.place.contains(document.activeElement) && document.activeElement.matches("input[type=text]")) return;
    const focused = document.activeElement?.dataset?.testid;
    this.place.replaceChildren(...cameras.map((camera) => this.controls(camera)));
    if (focused) this.place.querySelector(`[data-testid="${focused}"]`)?.focus();
  }

  controls(camera) {
    const set = document.createElement("fieldset");
    set.className = "camera";
    const legend = document.createElement("legend");
    const whose = document.createElement("small");
    whose.textContent = `${camera.serial}, ${camera.owner}`;
    legend.append(camera.name, whose);
    const switches = document.createElement("div");
    switches.className = "switches";
    for (const [key, title] of SWITCHES) switches.append(this.toggle(camera, key, title));
    set.append(legend, switches, this.happenings(camera), this.renaming(camera));
    return set;
  }

  happenings(camera) {
    const row = document.createElement("div");
    row.className = "happenings";
    const kinds = camera.kind === "doorbell" ? [["press", "Ring", "somebody rings"], ...HAPPENINGS] : HAPPENINGS;
    for (const [kind, title, words] of kinds) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = say(title);
      button.ariaLabel = `${camera.name}: ${title}`;
      button.dataset.testid = `happen-${camera.serial}-${kind}`;
      button.addEventListener("click", () => this.change(camera, { [kind]: true }, words));
      row.append(button);
    }
    return row;
  }

  toggle(camera, key, title) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.role = "switch";
    box.checked = Boolean(camera[key]);
    box.dataset.testid = `switch-${camera.serial}-${key}`;
    box.addEventListener("change", () => this.change(camera, { [key]: box.checked }, `${title} ${box.checked ? "on" : "off"}`));
    const name = document.createElement("span");
    name.className = "unseen";
    name.textContent = `${camera.name}: `;
    label.append(box, name, say(title));
    return label;
  }

  renaming(camera) {
    const form = document.createElement("form");
    form.className = "rename";
    const input = document.createElement("input");
    input.type = "text";
    input.value = camera.name;
    input.maxLength = 50;
    input.required = true;
    input.ariaLabel = `New name of ${camera.name}`;
    input.dataset.testid = `rename-${camera.serial}`;
    const button = document.createElement("button");
    button.textContent = say("Rename");
    form.append(input, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.focus();
      this.change(camera, { name: input.value.trim() }, `now called ${input.value.trim()}`);
    });
    return form;
  }

  async change(camera, what, words) {
    let trouble = "the simulator did not answer.";
    try {
      const response = await fetch(`/_control/${encodeURIComponent(camera.serial)}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(what),
      });
      trouble = response.ok ? "" : ((await response.json()).detail ?? "it was refused.");
    } catch { /* said below */ }
    await this.refresh();
    this.say(trouble ? `${camera.name} could not be changed: ${trouble}` : `${camera.name}: ${words}.`, Boolean(trouble));
  }
}
