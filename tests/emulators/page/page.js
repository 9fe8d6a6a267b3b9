/* Draws both phones and updates them by server-sent events. Inserts messages only as text, never as HTML. */

const TAGS = { bold: 'b', italic: 'i', underline: 'u', strikethrough: 's', code: 'code', pre: 'code', blockquote: 'q' };
const languages = await (await fetch('/words.json')).json();
const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const drawn = new Map();

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '');
    else if (value) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function link(url, words) {
  const safe = /^https?:\/\//i.test(url);
  return make('a', safe ? { href: url, target: '_blank', rel: 'noopener noreferrer' } : {}, words);
}

/* Format a text by Telegram's entities; offsets are in UTF-16 units, as in JavaScript. */
function formatted(text, entities) {
  const edges = new Set([0, text.length]);
  for (const one of entities) edges.add(one.offset).add(one.offset + one.length);
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(1).map((end, at) => {
    const start = sorted[at];
    let part = text.slice(start, end);
    for (const one of entities) {
      if (start < one.offset || end > one.offset + one.length) continue;
      if (one.type === 'text_link') part = link(one.url, part);
      else if (one.type === 'spoiler') part = make('span', { class: 'spoiler', tabindex: '0' }, part);
      else if (TAGS[one.type]) part = make(TAGS[one.type], {}, part);
    }
    return part;
  });
}

/* Format WhatsApp's *bold*, _italic_, ~struck~ and `monospaced` text, and quotes, whose lines begin with ">". */
function marked(text) {
  return text.split(/((?:^|(?<=\n))> [^]*?(?=\n(?!> )|$))/).flatMap((part, at) =>
    at % 2 ? make('span', { class: 'quoted' }, ...inLine(part.replace(/^> /gm, ''))) : inLine(part));
}

function inLine(text) {
  const tags = { '*': 'b', '_': 'i', '~': 's', '`': 'code' };
  return text.split(/((?<![\p{L}\p{N}])([*_~`])(?=\S)(?:(?!\2)[^\n])+(?<=\S)\2(?![\p{L}\p{N}]))/u)
    .filter((_, at) => at % 3 !== 2)
    .map((part, at) => at % 2 ? make(tags[part[0]], {}, part.slice(1, -1)) : part);
}

async function tell(phone, act, body) {
  const json = { 'Content-Type': 'application/json' };
  const form = body instanceof FormData;
  const answer = await fetch(`/${phone}/${act}`, {
    method: 'POST', body: form ? body : JSON.stringify(body), headers: form ? {} : json,
  });
  if (answer.status === 409) toast(phone, (await answer.json()).error);
}

const at = (phone, selector) => document.querySelector(`[data-phone="${phone}"] ${selector}`);
const toast = (phone, words) => { at(phone, '.toast').textContent = words; };

function button(phone, message, one) {
  if (one.url) return link(one.url, `${one.title} ↗`);
  const node = make('button', { type: 'button', dir: 'auto', disabled: !one.data }, one.title);
  node.addEventListener('click', () => tell(phone, 'press', { message: message.id, data: one.data }));
  return node;
}

function opener(phone, message) {
  const node = make('button', { type: 'button', dir: 'auto' }, `☰ ${message.opener}`);
  node.addEventListener('click', () => openList(phone, message));
  return node;
}

function openList(phone, message) {
  const dialog = document.getElementById('list');
  document.getElementById('list-name').textContent = message.opener;
  const rows = message.rows.flatMap((row, number) => {
    const choice = make('button', { type: 'button', dir: 'auto' }, row.title);
    if (row.more) choice.append(make('small', { dir: 'auto' }, row.more));
    choice.addEventListener('click', () => {
      dialog.close();
      tell(phone, 'choose', { message: message.id, data: row.data });
    });
    const before = number ? message.rows[number - 1].section : '';
    return row.section && row.section !== before ? [make('h3', { dir: 'auto' }, row.section), choice] : [choice];
  });
  dialog.querySelector('.rows').replaceChildren(...rows);
  dialog.showModal();
}

function bubble(phone, message) {
  if (message.deleted) return make('div', { class: 'bubble' }, 'deleted message');
  const words = message.entities ? formatted(message.text, message.entities) : marked(message.text);
  const parts = [];
  if (message.header) parts.push(make('p', { class: 'header', dir: 'auto' }, message.header));
  if (message.picture) parts.push(make('img', { src: `/${phone}/picture/${message.picture}`, alt: 'a photo' }));
  if (message.file) parts.push(make('p', { dir: 'auto' }, `📎 ${message.file}`));
  if (message.text) parts.push(make('p', { dir: 'auto', class: 'text' }, ...words));
  if (message.footer) parts.push(make('p', { class: 'footer', dir: 'auto' }, message.footer));
  const read = message.read ? 'read ✓✓' : '';
  const meta = [message.edited ? 'edited' : '', clock.format(message.at * 1000), read];
  parts.push(make('span', { class: 'meta' }, meta.filter(Boolean).join(' ')));
  return make('div', { class: 'bubble' }, ...parts);
}

function said(phone, message) {
  const who = make('span', { class: 'unseen' }, message.mine ? 'You:' : 'Kosh:');
  const kind = `said ${message.mine ? 'mine' : 'kosh'}${message.deleted ? ' deleted' : ''}`;
  const node = make('li', { class: kind }, who, bubble(phone, message));
  const rows = message.deleted ? [] : message.buttons.map((row) =>
    make('div', { class: 'row' }, ...row.map((one) => button(phone, message, one))));
  if (message.opener) rows.push(make('div', { class: 'row' }, opener(phone, message)));
  if (rows.length) node.append(make('div', { class: 'buttons' }, ...rows));
  return node;
}

/* Redraw only the changed messages, to keep the focus and not to repeat text in screen readers. */
function draw(phone, view) {
  const log = at(phone, '.log');
  const known = drawn.get(phone) ?? new Map();
  const next = new Map();
  let grown = false;
  view.messages.forEach((message, number) => {
    const shape = JSON.stringify(message);
    const old = known.get(message.id);
    const node = old?.shape === shape ? old.node : said(phone, message);
    if (!old) grown = true;
    if (old && old.node !== node) old.node.replaceWith(node);
    if (log.children[number] !== node) log.insertBefore(node, log.children[number] ?? null);
    next.set(message.id, { shape, node });
  });
  for (const [id, { node }] of known) if (!next.has(id)) node.remove();
  drawn.set(phone, next);
  at(phone, '.who').textContent = view.who;
  at(phone, '.typing').hidden = !view.typing;
  at(phone, '.begin').hidden = !view.empty;
  if (view.toast) toast(phone, view.toast);
  drawKeyboard(phone, view.keyboard);
  const talk = at(phone, '.talk');
  if (grown) talk.scrollTop = talk.scrollHeight;
}

function drawKeyboard(phone, rows) {
  const keyboard = at(phone, '.keyboard');
  if (!keyboard || keyboard.dataset.shape === JSON.stringify(rows)) return;
  keyboard.dataset.shape = JSON.stringify(rows);
  keyboard.replaceChildren(...rows.map((row) => make('div', { class: 'row' }, ...row.map((title) => {
    const node = make('button', { type: 'button', dir: 'auto' }, title);
    node.addEventListener('click', () => tell(phone, 'tap', { title }));
    return node;
  }))));
}

function drawLinks({ chat, kosh, registry }) {
  const own = document.getElementById('registry');
  document.getElementById('chat').href = chat;
  own.href = registry || '#';
  own.hidden = !registry;
  for (const each of document.querySelectorAll('[data-path]')) each.href = kosh + each.dataset.path;
}

/* The viewer's language: the chosen one, or the first known language of the browser. */
const chooser = document.getElementById('language');
chooser.append(...Object.entries(languages).map(([code, { name, lang, dir }]) =>
  make('option', { value: code, lang, dir }, name)));

function known(wanted) {
  const [tag] = wanted.toLowerCase().split('-');
  if (tag === 'kk' && /arab|-cn/i.test(wanted)) return 'kk_Arab';
  if (tag === 'uz' && /cyrl/i.test(wanted)) return 'uz_Cyrl';
  return tag === 'zh' ? 'zh_Hans' : tag in languages ? tag : undefined;
}

function speak(code) {
  const { words, lang, dir } = languages[code];
  chooser.value = code;
  Object.assign(document.documentElement, { lang, dir });
  document.title = words.title;
  for (const each of document.querySelectorAll('[data-words]')) each.textContent = words[each.dataset.words];
  for (const each of document.querySelectorAll('[data-hint]')) each.placeholder = words[each.dataset.hint];
  for (const each of document.querySelectorAll('[data-title]')) each.title = words[each.dataset.title];
}

function wire(section) {
  const { phone } = section.dataset;
  const words = section.querySelector('textarea');
  const say = section.querySelector('.say');
  say.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!words.value.trim()) return;
    toast(phone, '');
    tell(phone, 'say', { text: words.value });
    words.value = '';
  });
  words.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      say.requestSubmit();
    }
  });
  for (const input of section.querySelectorAll('input[type="file"]')) {
    input.addEventListener('change', () => {
      if (!input.files.length) return;
      const form = new FormData();
      form.append('as', input.dataset.as);
      form.append('file', input.files[0]);
      tell(phone, 'file', form);
      input.value = '';
    });
  }
  section.querySelector('[data-act="start"]')?.addEventListener('click', () => tell(phone, 'start', {}));
}

/* Start with a new person on both phones, in the viewer's language. */
async function renew(hidden) {
  const { phone: language } = languages[chooser.value];
  for (const phone of ['telegram', 'whatsapp']) toast(phone, '');
  await Promise.all([tell('telegram', 'renew', { language }), tell('whatsapp', 'renew', { hidden })]);
}

document.querySelector('.renew').addEventListener('submit', (event) => {
  event.preventDefault();
  renew(new FormData(event.target).has('hidden'));
});
chooser.addEventListener('change', () => speak(chooser.value));
document.getElementById('ask').addEventListener('click', () => {
  const text = languages[chooser.value].words.question;
  for (const phone of ['telegram', 'whatsapp']) tell(phone, 'say', { text });
});
speak(navigator.languages.map(known).find(Boolean) ?? 'en');

for (const section of document.querySelectorAll('.phone')) wire(section);
document.getElementById('chat').addEventListener('click', (event) => {
  const opened = window.open(event.currentTarget.href, 'kosh-web', 'popup,width=430,height=860');
  if (opened) event.preventDefault();
});
new EventSource('/events').addEventListener('message', (event) => {
  const { telegram, whatsapp, links } = JSON.parse(event.data);
  draw('telegram', telegram);
  draw('whatsapp', whatsapp);
  drawLinks(links);
  document.getElementById('count').textContent = whatsapp.count;
});
