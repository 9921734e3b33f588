// The list of messages, newest on top. The server has masked their secrets.

export class Messages {
  constructor(list, empty) {
    this.list = list;
    this.empty = empty;
    this.last = { alexa: 0, google: 0 };
  }

  /** Fetches what was added since the last time. */
  async pull(assistant) {
    const response = await fetch(`/assistants/${assistant}/trace?after=${this.last[assistant]}`);
    if (!response.ok) return;
    for (const entry of (await response.json()).entries) {
      if (entry.id <= this.last[assistant]) continue;
      this.last[assistant] = entry.id;
      this.add(entry);
    }
  }

  /** Reports a message that the page has sent, then shows it. */
  async report(assistant, entry) {
    await fetch(`/assistants/${assistant}/trace`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(entry),
    });
    await this.pull(assistant);
  }

  clear() {
    this.list.replaceChildren();
    this.empty.hidden = false;
  }

  add(entry) {
    this.empty.hidden = true;
    const item = document.createElement("li");
    item.dataset.at = entry.at;
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    const wrong = entry.status === 0 || entry.status >= 400;
    summary.append(
      text("b", entry.title),
      text("span", entry.status || "no answer", `status${wrong ? " wrong" : ""}`),
      text("span", entry.ms ? `${entry.ms} ms` : "", "time"),
      text("span", `${clock(entry.at)}  ${entry.method} ${entry.url}`, "where"),
    );
    details.append(summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(...bodies(entry));
    });
    item.append(details);
    // both assistants' messages are fetched apart and sorted here
    const older = [...this.list.children].find((other) => Number(other.dataset.at) <= entry.at);
    this.list.insertBefore(item, older ?? null);
  }
}

function bodies(entry) {
  const elements = [];
  if (Object.keys(entry.headers ?? {}).length) elements.push(...titled("Headers", entry.headers));
  if (entry.request !== null) elements.push(...titled("Request", entry.request));
  if (entry.response !== null) elements.push(...titled("Answer", entry.response));
  return elements;
}

function titled(title, value) {
  const shown = typeof value === "string" ? value : JSON.stringify(value, null, 2).replaceAll("\\r\\n", "\n      ");
  return [text("h3", title), text("pre", shown)];
}

function text(tag, content, className = "") {
  const element = document.createElement(tag);
  element.textContent = content;
  if (className) element.className = className;
  if (tag === "pre") element.tabIndex = 0;
  return element;
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB");
}
