/* The demo's panel beside the chat shows the requests that the registry received. */

const panel = document.getElementById('registry');
const entries = document.getElementById('entries');

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function card({ title, status, at, rows }) {
  const pairs = rows.map(([name, value]) =>
    make('div', {}, make('dt', {}, name), make('dd', {}, make('bdi', {}, value))));
  return make('li', { class: 'entry' },
    make('p', { class: 'receipt' }, make('bdi', {}, title), make('span', { class: 'tag' }, status)),
    make('dl', {}, ...pairs),
    make('p', { class: 'when' }, make('bdi', {}, at)));
}

async function show() {
  const answer = await fetch('/demo/registry').catch(() => ({}));
  if (!answer.ok) return;
  const received = (await answer.json()).entries;
  document.getElementById('count').textContent = received.length;
  entries.replaceChildren(...received.map(card));
  panel.hidden = false;
}

panel.querySelector('details').open = matchMedia('(min-width: 64rem)').matches;
document.addEventListener('registry', show);
show();
