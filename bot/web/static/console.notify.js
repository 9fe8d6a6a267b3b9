/* Subscribes this browser to an officer's notifications, and keeps the choice of a sound. */

const form = document.getElementById('browser-new');
const refused = document.getElementById('browser-refused');
const sound = document.getElementById('sound');
const text = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/* Only an active worker can subscribe, and in a new browser it is still being installed. */
async function registered() {
  const worker = await navigator.serviceWorker.register('/static/console.push.js');
  const coming = worker.installing || worker.waiting;
  if (!worker.active && coming) await new Promise(done => {
    coming.addEventListener('statechange', () => { if (/^(activated|redundant)$/.test(coming.state)) done(); });
  });
  return worker;
}

/* A subscription for the installation's former key must end before one for the new key can begin. */
async function subscribed({ pushManager }) {
  const given = { userVisibleOnly: true, applicationServerKey: form.dataset.pushKey };
  try {
    return await pushManager.subscribe(given);
  } catch (error) {
    const old = error.name === 'InvalidStateError' && await pushManager.getSubscription();
    if (!old) throw error;
    form.elements.former.value = old.endpoint;
    await old.unsubscribe();
    return pushManager.subscribe(given);
  }
}

async function subscribe() {
  const made = await subscribed(await registered());
  form.elements.endpoint.value = made.endpoint;
  form.elements.public_key.value = text(made.getKey('p256dh'));
  form.elements.auth_secret.value = text(made.getKey('auth'));
}

if (form && 'serviceWorker' in navigator && 'PushManager' in window) {
  form.hidden = false;
  form.addEventListener('submit', event => {
    if (form.elements.endpoint.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    subscribe().then(() => form.submit(), () => { refused.hidden = false; });
  }, true);
}

if (sound) {
  sound.checked = localStorage.getItem('sound') === 'on';
  sound.addEventListener('change', () => localStorage.setItem('sound', sound.checked ? 'on' : 'off'));
}
