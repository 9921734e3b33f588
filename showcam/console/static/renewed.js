// Parts of a page that change without a press, such as how far a set-up is: the page is asked again and again, and what
// changed takes the place of what was there. The rest stays, with the focus, typed text and what somebody opened.

import { isTyped, openAgain } from "./forms.js";

const EVERY_MS = 2000;
const served = new WeakMap(); // each child of a part, with its HTML as it came
const parts = () => [...document.querySelectorAll("[data-renews]")];
const html = (child) => child.outerHTML.replace(/(name="csrf_token" value=")[^"]*/g, "$1"); // each answer has another token

for (const part of parts()) for (const child of part.children) served.set(child, html(child));

async function look() {
  if (!document.hidden) {
    const response = await fetch(location.pathname + location.search).catch(() => null);
    if (response?.status === 401) return openAgain(); // to sign in again
    const text = response ? await response.text().catch(() => "") : "";
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const part of parts()) {
      const newer = page.getElementById(part.id);
      if (newer) renew(part, newer);
    }
    document.dispatchEvent(new Event("renewed"));
  }
  if (parts().length) setTimeout(look, EVERY_MS);
}

/** Puts what changed into the part, unless somebody types there. */
function renew(part, newer) {
  const left = [...part.children];
  const now = [...newer.children].map((child) => {
    const at = left.findIndex((each) => served.get(each) === html(child));
    if (at >= 0) return left.splice(0, at + 1).at(-1);
    served.set(child, html(child));
    return child;
  });
  const gone = [...part.children].filter((child) => !now.includes(child));
  if (gone.some((child) => isTyped(child))) return;
  const focused = gone.some((child) => child.contains(document.activeElement)) ? document.activeElement : null;
  for (const child of gone) child.remove(); // first: of the parts of a road only one may be open
  now.forEach((child, at) => child === part.children[at] || part.insertBefore(child, part.children[at] ?? null));
  if (!("renews" in newer.dataset)) delete part.dataset.renews;
  if (focused) focusAgain(part, focused);
}

/** Gives the focus to what took the place of what had it, else to the part. */
function focusAgain(part, lost) {
  const stops = [...part.querySelectorAll("a, button, input, select, textarea, summary")];
  stops.find((each) => (lost.id ? each.id === lost.id : each.textContent === lost.textContent))?.focus();
  if (part.contains(document.activeElement)) return;
  part.tabIndex = -1;
  part.focus();
}

setTimeout(look, EVERY_MS);
