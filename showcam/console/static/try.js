// A sentence tried: both assistants' answers on their glass and read aloud, an Echo's picture by WebRTC as it would have it.

import { HLS, at, connectionTo, firstFrame, hlsPlayer, offerOf } from "./playing.js";

const FIRST_PICTURE_MS = 6000; // an Echo gives up after this
const FIRST_BY_HLS_MS = 15000;
const GATHER_MS = 1000;
const ALOUD = "showcam-aloud";
const form = document.querySelector("form.say");
const token = document.querySelector("meta[name=csrf-token]").content;
const aloud = document.querySelector("[data-always]");
let playing = []; // what ends with the next sentence
let turn = 0; // of the newest sentence: what an earlier one still does is ignored

async function attach(video, url, mine) {
  const Hls = await hlsPlayer();
  if (mine !== turn) return;
  if (Hls.isSupported()) {
    const hls = new Hls(HLS);
    playing.push(() => hls.destroy());
    hls.on(Hls.Events.ERROR, (_, error) => error.fatal && video.onerror?.());
    hls.loadSource(url);
    hls.attachMedia(video);
  } else {
    video.src = url;
  }
  show(video);
  await firstFrame(video, FIRST_BY_HLS_MS);
}

function fail(display) {
  display.querySelector("video").hidden = true;
  display.querySelector(".failed").hidden = false;
}

function show(video) {
  video.hidden = false;
  video.play().catch(() => {}); // where the browser waits for a press, its own controls have one
}

/** The Echo's picture: by an offer, and by HLS where that shows nothing in time. */
async function open(display, mine) {
  const video = display.querySelector("video");
  let peer = null;
  try {
    peer = connectionTo(video);
    playing.push(() => peer.close());
    const answer = await ask(display, await offerOf(peer, GATHER_MS));
    if (!answer.sdp) return;
    await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    show(video);
    await firstFrame(video, FIRST_PICTURE_MS);
  } catch {
    if (mine !== turn) return;
    peer?.close();
    video.srcObject = null;
    const answer = await ask(display, "");
    if (answer.hls) await attach(video, at(answer.hls), mine);
  }
}

async function ask(display, sdp) {
  const response = await fetch(at("/home/try/offer"), {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ camera: display.dataset.offers, sdp }),
  });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  const answer = await response.json();
  say(display, answer);
  return answer;
}

function say(display, { says, told, messages }) {
  display.querySelector(".says").textContent = says;
  display.querySelector(".told").textContent = told;
  const list = display.querySelector("details");
  for (const text of messages.flat()) {
    const shown = document.createElement("pre");
    shown.tabIndex = 0;
    shown.textContent = text;
    list.append(shown);
  }
}

/** What both said, one after the other. */
function read(displays) {
  speechSynthesis.cancel();
  for (const display of displays) {
    const says = display.querySelector(".says");
    const speech = new SpeechSynthesisUtterance(says.textContent);
    speech.lang = says.lang;
    speechSynthesis.speak(speech);
  }
}

/** Each display's picture, and a promise of the Echo's. */
function play(displays) {
  const mine = turn;
  return displays.map((display) => {
    const video = display.querySelector("video");
    const failed = () => mine === turn && fail(display);
    if (display.dataset.offers) return open(display, mine).catch(failed);
    if (video.dataset.hls) attach(video, video.dataset.hls, mine).catch(failed);
    return null;
  });
}

function end() {
  for (const each of playing.splice(0)) each();
}

async function begin(pressed) {
  const displays = [...document.querySelectorAll(".display")];
  const shown = play(displays);
  if (!("speechSynthesis" in window)) return;
  for (const button of document.querySelectorAll("[data-aloud]")) {
    button.hidden = false;
    button.addEventListener("click", () => read([button.closest(".display")]));
  }
  // an Echo's answer is only there when showcam has answered its offer
  await Promise.race([Promise.allSettled(shown), new Promise((done) => setTimeout(done, FIRST_PICTURE_MS))]);
  if (pressed && aloud.checked && displays[0]?.isConnected) read(displays);
}

/** Asks without leaving the page: a browser speaks only on a page where somebody has pressed something. */
async function send(mine) {
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (mine !== turn) return;
  const heard = page.querySelector("#heard");
  if (!heard) return location.reload(); // signed out meanwhile
  end();
  document.querySelector("#heard").replaceWith(heard);
  await begin(true);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const mine = ++turn;
  send(mine).catch(() => mine === turn && form.submit());
});
if ("speechSynthesis" in window) {
  aloud.closest("label").hidden = false;
  aloud.checked = localStorage.getItem(ALOUD) === "yes";
  aloud.addEventListener("change", () => localStorage.setItem(ALOUD, aloud.checked ? "yes" : "no"));
}
const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
const microphone = document.querySelector("[data-microphone]");
if (Recognition && isSecureContext) {
  microphone.hidden = false;
  microphone.addEventListener("click", () => {
    const recognition = new Recognition();
    recognition.lang = document.documentElement.lang;
    recognition.addEventListener("result", ({ results }) => {
      form.elements.text.value = results[0][0].transcript;
      form.requestSubmit();
    });
    for (const event of ["start", "end"]) {
      recognition.addEventListener(event, () => microphone.setAttribute("aria-pressed", String(event === "start")));
    }
    recognition.start();
  });
}
addEventListener("pagehide", () => {
  turn += 1;
  end();
});
// a page that comes back from the browser's memory shows its pictures again, and reads nothing aloud
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) play([...document.querySelectorAll(".display")].filter((display) => display.querySelector(".failed").hidden));
});
begin(false);
