// The requests of assistants as they happen: the page is asked again, and its list takes the place of the one here.

import { openAgain } from "./forms.js";

const EVERY_MS = 2000;
const happens = document.getElementById("happens");

async function look() {
  if (!document.hidden) {
    const response = await fetch(location.pathname).catch(() => null);
    if (response?.status === 401) return openAgain(); // to sign in again
    const text = response?.ok && !response.redirected ? await response.text().catch(() => "") : "";
    const found = new DOMParser().parseFromString(text, "text/html").getElementById("happens");
    if (found && found.innerHTML !== happens.innerHTML && !happens.contains(document.activeElement)) {
      happens.replaceChildren(...found.childNodes);
    }
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
