// Shows what showcam sent to this browser, and opens the camera's page when somebody presses it.

self.addEventListener("push", (event) => {
  const { title, text, at, live } = event.data.json();
  const shown = { body: text, timestamp: at, tag: live, renotify: true, requireInteraction: true, data: live, icon: "/static/icon-192.png" };
  event.waitUntil(self.registration.showNotification(title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
