// The browser's voice: answers read aloud where somebody wants that, and a microphone where it recognises speech.

import { language } from "/page/words.js";

const KEPT = "showcam-aloud";
const aloud = document.getElementById("aloud");

if ("speechSynthesis" in window) {
  aloud.closest("label").hidden = false;
  aloud.checked = localStorage.getItem(KEPT) === "yes";
  aloud.addEventListener("change", () => {
    localStorage.setItem(KEPT, aloud.checked ? "yes" : "no");
    if (!aloud.checked) speechSynthesis.cancel();
  });
}

/** `spoken`: the language it is in. */
export function read(text, spoken = "en") {
  if (!aloud.checked || !("speechSynthesis" in window)) return;
  const speech = new SpeechSynthesisUtterance(text);
  speech.lang = spoken;
  speechSynthesis.speak(speech);
}

/** Makes the button a microphone, whose words `then` gets; where nothing recognises them it stays hidden. */
export function hear(button, then) {
  const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
  if (!Recognition || !isSecureContext) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const recognition = new Recognition();
    recognition.lang = language;
    recognition.addEventListener("result", ({ results }) => then(results[0][0].transcript));
    for (const event of ["start", "end"]) {
      recognition.addEventListener(event, () => button.setAttribute("aria-pressed", String(event === "start")));
    }
    recognition.start();
  });
}
