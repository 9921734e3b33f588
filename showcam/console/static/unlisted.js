// A page without its list of cameras asks for it again, and is opened again when there is one, unless somebody types.

import { isTyped, openAgain } from "./forms.js";

const PAUSES = [3000, 5000, 10000, 20000, 60000]; // the last one is kept to
let asked = 0;

const pause = () => setTimeout(look, PAUSES[Math.min(asked++, PAUSES.length - 1)]);

async function look() {
  const response = document.hidden ? null : await fetch(location.pathname).catch(() => null);
  if (response?.status === 401) return openAgain(); // to sign in again
  const text = response?.ok ? await response.text().catch(() => "") : "";
  const isThere = text && !text.includes("data-unlisted");
  if (isThere && !isTyped()) location.replace(location.pathname);
  else pause();
}

pause();
