// The page that adds a camera: the search's progress comes by itself.

const AGAIN_MS = 500;

/** Fetches the page again until the search has ended, and puts what is new in place of what is there. */
async function follow() {
  const progress = document.getElementById("progress");
  if (!progress || !("runs" in progress.dataset)) return;
  await new Promise((done) => setTimeout(done, AGAIN_MS));
  const response = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
  const text = response?.ok && !response.redirected ? await response.text().catch(() => "") : "";
  if (!text) return void setTimeout(() => location.reload(), 4 * AGAIN_MS);
  const page = new DOMParser().parseFromString(text, "text/html");
  const now = page.getElementById("progress");
  if (now && "runs" in now.dataset) {
    progress.replaceChildren(...now.childNodes);
    return void follow();
  }
  const typed = ["user", "password", "address"].map((id) => [id, document.getElementById(id).value]);
  const focused = document.activeElement?.id;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  for (const [id, value] of typed) document.getElementById(id).value ||= value;
  if (focused) document.getElementById(focused)?.focus();
}

follow();
