// The practice page: two screens, the messages they exchange with showcam, and the cameras' switches.

import { Screen } from "/page/screen.js";
import { Messages } from "/page/messages.js";
import { Cameras } from "/page/cameras.js";
import { Television } from "/page/television.js";
import { example, language, translate } from "/page/words.js";

document.documentElement.lang = language;
translate(document);
translate(document.getElementById("screen").content);

const messages = new Messages(document.getElementById("messages"), document.getElementById("messages-empty"));
document.getElementById("clear").addEventListener("click", () => messages.clear());

const hidden = "hide the camera";
const screens = {
  alexa: new Screen("alexa", "Echo Show", "Alexa", messages, [
    "show the garden camera", "show the garage", "show the nursery", "show the attic", "show the bedroom",
    "show the pond", "is the attic online", "discover devices", hidden,
  ].map((words) => example("alexa", words)), [
    "ask my cameras which cameras are ready", "ask my cameras why I can't see the garage camera",
    "ask my cameras to mend the garage", "ask my cameras to turn on the nursery's sound",
    "ask my cameras to show the garden",
  ]),
  google: new Screen("google", "Google display", "Google", messages, [
    "show the garden camera", "show the nursery on the living room TV", "show the garage", "show the attic",
    "show the bedroom", "show the pond", "is the garage ok", "turn off the garden camera", "sync my devices", hidden,
  ].map((words) => example("google", words))),
};
document.getElementById("screens").append(...Object.values(screens).map((screen) => screen.element));
window.showcamScreens = screens;

// the page carries the link state, so that no button changes its meaning after it is drawn
const linked = document.querySelector("main").dataset.linked.split(" ");
document.querySelector(".accounts").open = !linked.includes("alexa") && !linked.includes("google");
for (const [name, screen] of Object.entries(screens)) {
  screen.show({ linked: linked.includes(name), cameras: null });
  screen.listen();
}

const justLinked = location.hash.match(/^#(alexa|google)-linked$/)?.[1];
if (justLinked) {
  if (linked.includes(justLinked)) screens[justLinked].confirmLink();
  history.replaceState(null, "", location.pathname); // a reload says it no more
}

const cameras = new Cameras(document.getElementById("cameras"), document.getElementById("cameras-status"));

new Television(document.getElementById("television"));

function refresh() {
  for (const screen of Object.values(screens)) screen.refresh();
  cameras.refresh();
}

function tick() {
  const now = new Date();
  for (const screen of Object.values(screens)) screen.tick(now);
}

refresh();
tick();
setInterval(tick, 1000);
window.addEventListener("focus", refresh);
