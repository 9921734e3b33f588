// On every page of the console: a form is sent once for each press, and what was typed outlives a session that ends.

const TYPED = "showcam-typed";
// names of fields that no browser keeps: secrets, and what somebody agrees to, which nobody else signed in may find ticked
const NEVER = /code|key|secret|password|pin|encrypted|consent|open_way/i;
const KEPT_MS = 1800000; // half an hour: whoever comes back later begins anew
const PRESSED_MS = 20000; // the answer may be a file, and the page then stays
const isSignedIn = document.querySelector(".menu") !== null;
const kept = JSON.parse(sessionStorage.getItem(TYPED) ?? "null");
sessionStorage.removeItem(TYPED);

const formOf = (field) => field.form?.getAttribute("action") ?? "";
const isTick = (field) => ["checkbox", "radio"].includes(field.type);
const fields = () => [...document.querySelectorAll("main form :is(input:not([type=hidden], [type=password]), select, textarea)")];
export const isChanged = (field) => {
  if (isTick(field)) return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
};

/** What somebody changed on this page and nobody was sent, without what is never kept. */
const typed = () =>
  fields()
    .filter((field) => field.name && !NEVER.test(field.name) && isChanged(field))
    .map((field) => ({ form: formOf(field), name: field.name, value: field.value, checked: field.checked }));

/** Puts back what was typed before the session ended, and opens what folds it away. */
function putBack() {
  for (const was of kept.typed) {
    const field = fields().find((each) => formOf(each) === was.form && each.name === was.name && (!isTick(each) || each.value === was.value));
    if (!field) continue;
    if (isTick(field)) field.checked = was.checked;
    else field.value = was.value;
    for (let at = field.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
    if (field.form.matches("[data-saves]")) addEventListener("load", () => field.dispatchEvent(new Event("change", { bubbles: true })));
  }
}

// a machine whose clock is UTC's, as in a container, does not know where the house is
for (const field of document.querySelectorAll("[data-browser-zone]")) field.defaultValue = Intl.DateTimeFormat().resolvedOptions().timeZone;

const isOurs = kept && Date.now() - kept.at < KEPT_MS;
if (!isSignedIn) {
  if (isOurs) sessionStorage.setItem(TYPED, JSON.stringify({ ...kept, lost: true })); // a sign-in stands between
} else if (isOurs && kept.lost) {
  if (kept.path === location.pathname) putBack();
  else sessionStorage.setItem(TYPED, JSON.stringify(kept));
}
addEventListener("pagehide", () => {
  const now = isSignedIn ? typed() : [];
  if (now.length) sessionStorage.setItem(TYPED, JSON.stringify({ path: location.pathname, at: Date.now(), typed: now }));
});

// a vendor or a camera takes seconds: a second press would ask it twice
let isLeaving = false; // a form was sent, and the page that answers it is on its way
const pressable = () => {
  for (const button of document.querySelectorAll("[data-pressed]")) {
    button.disabled = false;
    delete button.dataset.pressed;
  }
};
addEventListener("submit", (event) => {
  isLeaving ||= !event.defaultPrevented;
  const { submitter } = event;
  if (!submitter) return;
  setTimeout(() => {
    if (event.defaultPrevented) return; // a script of the page sends it
    submitter.disabled = true;
    submitter.dataset.pressed = "";
    setTimeout(pressable, PRESSED_MS);
  });
});
// a page that comes back from the browser's memory can be pressed again
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  isLeaving = false;
  pressable();
});

/** Signing out ends the session before its answer is here: a reload would throw away the answer and its cookie. */
export const openAgain = () => isLeaving || location.reload();
