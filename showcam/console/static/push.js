// On the page of phones: this browser is sent rings by its vendor's push service, from one press until the next.

const form = document.getElementById("push");
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));

if (form && "serviceWorker" in navigator && "PushManager" in window) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.address.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const failed = document.getElementById("push-failed");
    failed.hidden = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") throw new Error("not allowed");
      await navigator.serviceWorker.register(form.dataset.worker, { scope: form.dataset.scope });
      const { pushManager } = await navigator.serviceWorker.ready;
      const given = { userVisibleOnly: true, applicationServerKey: bytes(form.dataset.key) };
      const { endpoint, keys } = (await pushManager.subscribe(given)).toJSON();
      form.elements.address.value = endpoint;
      form.elements.key.value = keys.p256dh;
      form.elements.secret.value = keys.auth;
      form.requestSubmit(form.querySelector("button"));
    } catch {
      failed.hidden = false;
    }
  });
}
