// What happened: new rows come by themselves, and the vendor's picture is fetched when somebody opens it.

const AGAIN_MS = 4000; // the rows are of showcam's own store; a ring is to stand here while the visitor waits

for (const list of document.querySelectorAll("[data-happened]")) follow(list);

async function follow(list) {
  for (;;) {
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    if (document.hidden) await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
    const answer = await fetch(list.dataset.happened, { headers: { Accept: "text/html" } }).catch(() => null);
    const text = await answer?.text().catch(() => null);
    if (!text || answer.status >= 500) continue;
    const newer = new DOMParser().parseFromString(text, "text/html").querySelector("[data-happened]");
    if (!newer) return; // signed out, or no history is kept any more
    renew(list, newer);
  }
}

/** New rows are put between those that stand there; a row whose picture is open stays. */
function renew(list, newer) {
  const known = new Map([...list.children].map((row) => [row.dataset.id, row]));
  let next = list.firstElementChild;
  for (const row of [...newer.children]) {
    const old = known.get(row.dataset.id);
    if (!old) list.insertBefore(row, next);
    else {
      for (const part of [".what", ".when"]) old.querySelector(part).innerHTML = row.querySelector(part).innerHTML;
      next = old.nextElementSibling;
    }
  }
  if (list.childElementCount > 0) list.nextElementSibling.hidden = true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.look");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const shown = link.parentElement.querySelector("figure");
  link.setAttribute("aria-expanded", String(!shown));
  if (shown) shown.remove();
  else open(link);
});

function open(link) {
  const figure = document.createElement("figure");
  const said = document.createElement("figcaption");
  said.setAttribute("role", "status");
  figure.append(said);
  link.parentElement.append(figure);
  said.textContent = link.dataset.wait;
  const picture = new Image();
  picture.alt = link.dataset.alt;
  picture.onload = () => figure.replaceChildren(picture);
  picture.onerror = async () => {
    const answer = await fetch(link.href, { headers: { Accept: "application/problem+json" } }).catch(() => null);
    const why = answer?.status === 404 ? (await answer.json().catch(() => null))?.detail : null;
    said.textContent = why || link.dataset.failed;
  };
  picture.src = link.href;
}
