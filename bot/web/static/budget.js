/* Quick exit on the page of a question: the page came as the answer to a post of the chat's page, and leaves
   by a plain form. */

// Without the posted body in the history, neither "Back" nor "Reload" posts the text again, which matters after
// a quick exit.
history.replaceState(null, '', '/chat');

const allowed = open => { try { return open(); } catch { return null; } }; // a browser may block storage
const tabs = allowed(() => new BroadcastChannel('exit')); // this browser's other chat pages

document.querySelector('.exit').form.addEventListener('submit', () => {
  if (tabs) tabs.postMessage('');
  allowed(() => sessionStorage.clear());
});
if (tabs) tabs.onmessage = () => {
  allowed(() => sessionStorage.clear());
  document.body.replaceChildren();
  location.replace(new URL(document.body.dataset.exitUrl, location));
};
