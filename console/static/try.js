// The pictures that both assistants would show, by HLS, and their answers read aloud by the browser.

const { default: Hls } = await import("./vendor/hls.light.min.mjs");

for (const video of document.querySelectorAll("video[data-hls]")) {
  if (Hls.isSupported()) {
    const hls = new Hls({ enableWorker: false, lowLatencyMode: false, liveSyncDurationCount: 1 });
    hls.loadSource(video.dataset.hls);
    hls.attachMedia(video);
  } else {
    video.src = video.dataset.hls;
  }
  video.play().catch(() => {}); // where the browser waits for a press, its own controls have one
}

if ("speechSynthesis" in window) {
  for (const button of document.querySelectorAll("[data-aloud]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const text = button.parentElement.querySelector(".says");
      const speech = new SpeechSynthesisUtterance(text.textContent);
      speech.lang = text.lang;
      speechSynthesis.cancel();
      speechSynthesis.speak(speech);
    });
  }
}
