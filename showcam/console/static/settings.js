// The settings of a camera's page: each is sent when it is changed, and its group of the page's answer takes its place.

import { isChanged } from "./forms.js";

const panel = document.querySelector("#settings");
const busy = new Map(); // forms on their way; true: something in the form was changed meanwhile

// whoever was faster than this script keeps the button: nothing else would send what they changed
for (const spare of panel.querySelectorAll("[data-spare]")) spare.hidden = ![...spare.form.querySelectorAll("input, select, textarea")].some(isChanged);
panel.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-saves]");
  if (form) send(form);
});
panel.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-saves]")) return;
  event.preventDefault();
  event.stopPropagation();
  send(event.target, event.submitter);
});

async function send(form, button = null) {
  if (!form.reportValidity()) return;
  // a switch, whose button has the value, has another one after the answer: a second press meant the first value again
  if (busy.has(form)) return void (button?.value || busy.set(form, true));
  busy.set(form, false);
  form.setAttribute("aria-busy", "true");
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, button)), headers: { Accept: "text/html" } }).catch(() => null);
  form.removeAttribute("aria-busy");
  const isAgain = busy.get(form);
  busy.delete(form);
  if (!answer || answer.status >= 500) return tell(form, panel.dataset.failed);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.querySelector("#settings")) return location.reload(); // to sign in again, or the camera is gone
  if (!isAgain && isThere(page, form)) return renew(page, form);
  if (!isAgain) return location.replace(answer.redirected ? answer.url : location.pathname);
  for (const name of ["shown", "csrf_token"]) {
    const newer = page.querySelector(`form[action="${form.getAttribute("action")}"] [name=${name}]`);
    if (newer && form.elements[name]) form.elements[name].value = newer.value;
  }
  send(form);
}

/**
 * Whether the answer has what was changed. If the vendor can't be read just then it has not, and the whole page says why.
 * A button to talk comes or goes only with the whole page, since the picture's connection takes sound or does not.
 */
function isThere(page, form) {
  const group = page.querySelector(`[data-renewed="${form.closest("[data-renewed]").dataset.renewed}"]`);
  const row = form.closest("li[id]");
  const [had, has] = [document, page].map((whole) => Boolean(whole.querySelector(".talk")));
  return Boolean(group && had === has && (!row || group.querySelector(`#${CSS.escape(row.id)}`)));
}

/** What was typed elsewhere stays: the group of this form alone, and what stands beside the picture, are replaced. */
function renew(page, form) {
  const group = form.closest("[data-renewed]").dataset.renewed;
  const focused = document.activeElement?.id;
  const value = document.activeElement?.value;
  const name = document.activeElement?.name;
  for (const part of [group, "beside"]) {
    const [older, newer] = [document, page].map((whole) => whole.querySelector(`[data-renewed="${part}"]`));
    const open = [...older.querySelectorAll("details")].map((details) => details.open);
    [...newer.querySelectorAll("details")].forEach((details, number) => (details.open ||= open[number] ?? false));
    older.replaceWith(newer);
  }
  const now = document.querySelector(`[data-renewed="${group}"]`);
  for (const spare of now.querySelectorAll("[data-spare]")) spare.hidden = true;
  const wrong = page.querySelector("main > .alert")?.textContent;
  if (wrong) tell(now.querySelector("form"), wrong);
  const again = focused ? document.getElementById(focused) : now.querySelector(`[name="${CSS.escape(name ?? "")}"][value="${CSS.escape(value ?? "")}"]`);
  again?.focus();
}

function tell(form, text) {
  const group = form.closest("[data-renewed]");
  group.querySelector(".alert.of-script")?.remove();
  const alert = Object.assign(document.createElement("p"), { className: "alert of-script", textContent: text });
  alert.setAttribute("role", "alert");
  group.prepend(alert);
}
