/* Shows a push message as a notification with counts only; a press opens the console. */

addEventListener('push', event => {
  const { title = 'Kosh', body = '', url = '/console/inbox' } = event.data ? event.data.json() : {};
  const shown = { body, tag: url, renotify: true, data: url, icon: '/static/icons/kosh.svg' };
  event.waitUntil(registration.showNotification(title, shown));
});

addEventListener('notificationclick', event => {
  event.notification.close();
  event.waitUntil(clients.openWindow(event.notification.data));
});
