// What the player of a camera's page can do besides showing the picture, which is home.js's: sound, size, zoom, full screen.

import { openAgain } from "./forms.js";

const MOST_NEAR = 8;
const STEP = 1.25;
const SWIPE_PX = 60;

const tile = document.querySelector(".alone .tile");
const screen = tile.querySelector(".screen");
const video = tile.querySelector("video");
const button = (name) => tile.querySelector(`[data-player="${name}"]`);

// sound

const [sound, volume] = [button("sound"), tile.querySelector(".volume")];

function hear(wanted) {
  video.muted = !wanted;
  sound.setAttribute("aria-pressed", String(wanted));
}

sound?.addEventListener("click", () => hear(video.muted));
volume?.addEventListener("input", () => {
  video.volume = Number(volume.value);
  hear(video.volume > 0);
});

// the smaller picture of a camera that sends two

button("smaller")?.addEventListener("click", ({ currentTarget }) => {
  const wanted = currentTarget.getAttribute("aria-pressed") === "false";
  currentTarget.setAttribute("aria-pressed", String(wanted));
  tile.dispatchEvent(new CustomEvent("size", { detail: wanted ? currentTarget.dataset.size.split("x").map(Number) : null }));
});

// zoom: how often nearer, and where the picture's corner lies then

let near = 1;
let [left, top] = [0, 0];

function zoom(wanted, x = screen.clientWidth / 2, y = screen.clientHeight / 2) {
  const before = near;
  near = Math.min(MOST_NEAR, Math.max(1, wanted));
  left = x - ((x - left) * near) / before;
  top = y - ((y - top) * near) / before;
  place();
}

function place() {
  left = Math.min(0, Math.max(screen.clientWidth * (1 - near), left));
  top = Math.min(0, Math.max(screen.clientHeight * (1 - near), top));
  video.style.transform = near > 1 ? `translate(${left}px, ${top}px) scale(${near})` : "";
  screen.classList.toggle("is-near", near > 1);
  button("nearer").disabled = near >= MOST_NEAR;
  button("farther").disabled = near <= 1;
}

function move(x, y) {
  [left, top] = [left + x, top + y];
  place();
}

button("nearer").addEventListener("click", () => zoom(near * STEP));
button("farther").addEventListener("click", () => zoom(near / STEP));
screen.addEventListener(
  "wheel",
  (event) => {
    // at its whole size the picture lets the page scroll, down and back up
    if (video.hidden || (near <= 1 && !event.ctrlKey && (event.deltaY > 0 || scrollY > 0))) return;
    event.preventDefault();
    const { left: x, top: y } = screen.getBoundingClientRect();
    zoom(near * STEP ** (-event.deltaY / 100), event.clientX - x, event.clientY - y);
  },
  { passive: false },
);
new ResizeObserver(place).observe(screen);

// fingers and mouse: one drags the nearer picture or swipes to the next camera, two pinch

const fingers = new Map();
let began = null;
const spread = () => {
  const [one, other] = [...fingers.values()];
  return Math.hypot(one.x - other.x, one.y - other.y);
};

screen.addEventListener("pointerdown", ({ pointerId, clientX: x, clientY: y }) => {
  fingers.set(pointerId, { x, y });
  began = fingers.size === 1 ? { x, y } : null;
});
screen.addEventListener("pointermove", ({ pointerId, clientX: x, clientY: y }) => {
  const before = fingers.get(pointerId);
  if (!before) return;
  const wide = fingers.size === 2 ? spread() : 0;
  fingers.set(pointerId, { x, y });
  if (wide) {
    const [one, other] = [...fingers.values()];
    const box = screen.getBoundingClientRect();
    zoom((near * spread()) / wide, (one.x + other.x) / 2 - box.left, (one.y + other.y) / 2 - box.top);
  } else if (near > 1) {
    move(x - before.x, y - before.y);
  }
});
for (const event of ["pointerup", "pointercancel", "pointerleave"]) {
  screen.addEventListener(event, ({ type, pointerType, pointerId, clientX: x, clientY: y }) => {
    if (!fingers.delete(pointerId)) return;
    const across = began ? x - began.x : 0;
    if (type === "pointerup" && pointerType === "touch" && near <= 1 && Math.abs(across) > SWIPE_PX && Math.abs(across) > 2 * Math.abs(y - began.y)) {
      lead(across > 0 ? "prev" : "next");
    }
    began = null;
  });
}

// pan and tilt: each request is one step, which the server ends; while a button is held down the next one follows

const pad = tile.querySelector(".pad");
let held = null;

async function turn(way) {
  if (pad.ariaBusy === "true") return false; // a held Enter presses its button again and again
  pad.ariaBusy = "true";
  const answer = await fetch(pad.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(way.form, way)),
  }).catch(() => null);
  if (answer?.status === 401) openAgain(); // to sign in again
  const come = answer?.ok ? await answer.json().catch(() => null) : null;
  const why = come ? come.why : pad.dataset.failed;
  tile.querySelector(".turned").textContent = why;
  pad.ariaBusy = "false";
  return !why;
}

async function hold(way) {
  if (held) return;
  held = way;
  while (held === way && (await turn(way)));
  if (held === way) held = null;
}

const release = () => (held = null);
let isPointed = false; // a pointer's press has turned the camera before its click comes
pad?.addEventListener("pointerdown", ({ target, button: which }) => {
  const way = target.closest("button");
  if (!way || which) return;
  isPointed = true;
  hold(way);
});
pad?.addEventListener("click", (event) => {
  if (isPointed && event.detail) event.preventDefault(); // detail is 0 for a key's or a screen reader's click
  isPointed = false;
});
pad?.addEventListener("contextmenu", (event) => event.preventDefault()); // a finger that is held down
for (const form of tile.querySelectorAll(".pad, .positions")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    turn(event.submitter);
  });
}
pad?.addEventListener("pointerleave", release);
for (const event of ["pointerup", "pointercancel", "keyup", "blur", "pagehide"]) addEventListener(event, release);
document.addEventListener("visibilitychange", release);

// full screen: of the player with its buttons; an iPhone gives it to a video alone

function fill() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (tile.requestFullscreen) tile.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.();
}
button("full").addEventListener("click", fill);

// keys

const lead = (where) => document.querySelector(`.others a[rel="${where}"]`)?.click();
const PAN_PX = 80;
const KEYS = {
  "+": () => zoom(near * STEP),
  "-": () => zoom(near / STEP),
  0: () => zoom(1),
  f: fill,
  m: () => sound && hear(video.muted),
};
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, .panel, .below")) return;
  if (key in ARROWS && target.closest(".pad")) hold(pad.querySelector(`[value="${key.slice(5).toLowerCase()}"]`));
  else if (key in ARROWS && near > 1) move(...ARROWS[key].map((way) => way * PAN_PX));
  else if (key === "ArrowLeft") lead("prev");
  else if (key === "ArrowRight") lead("next");
  else if (key in KEYS && target.closest(".tile")) KEYS[key](); // a letter counts only where the player has the focus
  else return;
  event.preventDefault();
});
