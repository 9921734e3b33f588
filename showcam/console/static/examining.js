// How far the doctor is; when it has ended the page is opened again, unless somebody types on it.

import { openAgain } from "./forms.js";
import { at } from "./playing.js";

const EVERY_MS = 1000;
const progress = document.querySelector("[data-examining]");
const fields = [...document.querySelectorAll("input[type=text], input[type=password], textarea:not([readonly])")];

async function look() {
  const response = await fetch(at("/home/health/progress")).catch(() => null);
  if (response?.status === 401) return openAgain(); // to sign in again
  const come = response?.ok && !response.redirected ? await response.json().catch(() => null) : null;
  if (come) {
    const { running, found } = come;
    progress.textContent = progress.dataset.words.replace("{count}", found);
    if (!running && fields.every((field) => field.value === field.defaultValue)) return location.reload();
  }
  setTimeout(look, EVERY_MS);
}

if (progress) setTimeout(look, EVERY_MS);
