/* Shows a push as a notification; its text has counts only. Opens the console when it is pressed. */

addEventListener('push', event => {
  const { title = 'Kosh', body = '', url = '/console/inbox' } = event.data ? event.data.json() : {};
  const shown = { body, tag: url, renotify: true, data: url, icon: '/static/icons/kosh.svg' };
  event.waitUntil(registration.showNotification(title, shown));
});

addEventListener('notificationclick', event => {
  event.notification.close();
  event.waitUntil(clients.openWindow(event.notification.data));
});
