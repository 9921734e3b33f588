// Talking through a camera: while the button or its key is held, the microphone goes to the camera by the picture's connection.

import { at } from "./playing.js";

const LIGHT_MS = { held: 700, else: 4000 }; // between two questions who talks; the history is asked as often

const tile = document.querySelector(".alone .tile");
const place = tile.querySelector(".talk");
const button = place.querySelector(".hold");
const light = place.querySelector(".light");

let sender = null; // of the picture's connection, if its answer takes sound
let microphone = null;
let held = false;
let trouble = ""; // of the last press
let isPointed = false; // a pointer's press was taken before its click comes

tile.addEventListener("shown", ({ detail }) => {
  release();
  const section = detail?.getTransceivers().find(({ receiver }) => receiver.track.kind === "audio");
  sender = ["sendrecv", "sendonly"].includes(section?.currentDirection) ? section.sender : null;
  button.disabled = !sender || !navigator.mediaDevices;
});

async function press() {
  if (held || button.disabled) return;
  held = true;
  trouble = "";
  button.setAttribute("aria-pressed", "true");
  ask();
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
  if (!stream) {
    release();
    trouble = place.dataset.denied;
    return tell(trouble);
  }
  if (!held || microphone) return stream.getTracks().forEach((track) => track.stop());
  [microphone] = stream.getAudioTracks();
  sender?.replaceTrack(microphone);
}

function release() {
  if (!held) return;
  held = false;
  button.setAttribute("aria-pressed", "false");
  sender?.replaceTrack(null).catch(() => {}); // the connection may be closed
  microphone?.stop();
  microphone = null;
}

// who talks now, or why the last talk ended

let asking = null;

async function ask() {
  clearTimeout(asking);
  const answer = document.hidden ? null : await fetch(at(place.dataset.at + (held ? "?held" : "")), { headers: { Accept: "application/json" } }).catch(() => null);
  const now = answer?.ok ? await answer.json().catch(() => null) : null;
  if (now) {
    tell(now.light || (held ? now.why : trouble));
    tile.classList.toggle("talked-through", Boolean(now.who));
  }
  clearTimeout(asking);
  asking = setTimeout(ask, held || now?.who ? LIGHT_MS.held : LIGHT_MS.else);
}

function tell(text) {
  if (light.textContent !== text) light.textContent = text;
}

button.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  isPointed = true;
  press();
});
button.addEventListener("keydown", (event) => {
  if (!["Enter", " "].includes(event.key)) return;
  event.preventDefault(); // no click follows
  if (!event.repeat) press();
});
button.addEventListener("click", ({ detail }) => {
  if (!isPointed && !detail) held ? release() : press(); // a screen reader's click has no end: the next one is it
  isPointed = false;
});
button.addEventListener("contextmenu", (event) => event.preventDefault()); // a finger that is held down
for (const event of ["pointerup", "pointercancel", "keyup", "blur", "pagehide"]) addEventListener(event, release);
document.addEventListener("visibilitychange", release);
if (!navigator.mediaDevices) tell(place.dataset.https);
else ask();
