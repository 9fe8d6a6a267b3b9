/* The web chat: shows the messages of the event stream, and sends the person's messages.
   The script stores no history; unsent text exists only in this page. Before consent, the tab stores the
   chat's secret name, so that a reload shows the messages again. Quick exit and consent delete the name. */

// In browsers without these features, the page works with plain forms.
if (!window.SubmitEvent || !('submitter' in SubmitEvent.prototype) || !Element.prototype.replaceChildren) {
  throw new Error('This browser uses the page without its script.');
}

const at = id => document.getElementById(id);
const root = document.documentElement;
const list = at('list'), text = at('text'), typing = at('typing'), banner = at('banner');
const { stream, exitUrl } = document.body.dataset;
const unsent = new Map(); // own message (li) -> [url, fields]
const files = new Set(); // messages (li) of files that have not arrived
// URLs in ASCII, so that 。 or ، ends them, and bare host names of Kazakhstan only (as in templating.py).
// No lookbehind, because Safari before 16.4 would reject the whole script.
const LINK = /https?:\/\/[!#-;=?-~]*[\w/&=#%-]|(^|[^\w@.-])((?:[a-z0-9-]+\.)+kz\b(?:\/[\w/&=#%.?-]*[\w/&=#%-])?)/g;
const TRIES = [1000, 3000, 9000, 0]; // ms to wait after each try
const PATIENCE = 20000; // ms after which a request is given up, a press may be made again
const NAME = 'chat';
const VISIT = 'visit:'; // the name of a page that a one-time link opened; as in chat_session.py
// A framed chat has its own cookie, and its quick exit leaves the outer page too.
const framed = window.top !== window;
const FROM = { 'X-Requested-With': 'kosh', ...(framed && { 'X-Kosh-Framed': '1' }) };

const exitWords = JSON.parse(document.body.dataset.exitWords);

let labels = JSON.parse(document.body.dataset.labels);
let chat = document.body.dataset.chat;
let source, last, reconnect, pause = 1000;
let sending = Promise.resolve(); // one message at a time, in order
let pressed = null; // the set of buttons that waits for its answer
let following = true, seekFocus = false, below = 0; // messages that arrived below what is seen
let tapped = ''; // the box that was pressed last, which keeps the focus
let news = false; // whether a message came, since the person spoke, that a hint can point to
let unpress, warn, calm, hush; // timers
let exited = false; // after a quick exit, until the browser shows the next page
// A browser that blocks all cookies throws here. The page then works, but a reload starts a new chat.
const allowed = open => { try { return open(); } catch { return null; } };
const store = allowed(() => sessionStorage);
let tabs = allowed(() => new BroadcastChannel('exit')); // this browser's other chat pages

// ---- building ----

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const word = (name, look) => make('span', { class: look, 'data-text': name }, labels[name] || '');
const outward = href => ({ href, dir: 'auto', target: '_blank', rel: 'noopener noreferrer' });
const find = id => [...list.children].find(li => li.dataset.id === id);
const newestOf = kind => [...list.querySelectorAll(kind)].pop();
/* The id of the last message of this page: from the stream, or from the page's HTML before the stream sent one. */
const has = () => last || (newestOf('.kosh') || { dataset: {} }).dataset.id || '';
const uuid = () => '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, c =>
  (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));

function link(p) {
  const words = p.textContent, parts = [];
  let end = 0;
  for (const { 0: whole, 1: before = '', 2: bare, index } of words.matchAll(LINK)) {
    const shown = bare || whole, href = bare ? `https://${bare}` : whole;
    parts.push(words.slice(end, index + before.length), make('a', outward(href), shown));
    end = index + whole.length;
  }
  if (end) p.replaceChildren(...parts, words.slice(end));
}

function button({ payload, label, kind, prompt, lang, dir }) {
  if (kind === 'link') return make('a', { class: 'button link', ...outward(payload) }, label);
  const named = prompt && label, more = prompt ? [make('small', {}, prompt)] : [];
  return make('button', { class: `button ${kind}`, name: 'payload', value: payload, 'aria-label': named, lang, dir }, label, ...more);
}

function buttonsOf({ id, buttons }) {
  const rows = buttons.map(row => make('div', { class: 'row' }, ...row.map(button)));
  return make('form', { class: 'buttons' }, make('fieldset', { 'aria-labelledby': `said-${id}` }, ...rows));
}

function fileOf({ id, file }) {
  const input = make('input', { type: 'file', accept: 'image/jpeg,image/png,image/webp,application/pdf' });
  return make('form', { class: 'buttons file' }, make('fieldset', { 'aria-labelledby': `said-${id}` },
    make('label', { class: 'button pick' }, file, input)));
}

// ---- formatted lines of a message: list entries, checkboxes, rows, warnings, a receipt ----

const said = words => words.map(each => make('p', {}, each));

function folded(kind, [first, ...rest]) {
  return make('details', { class: kind }, make('summary', {}, make('span', {}, first)), ...said(rest));
}

function pressable({ kind, values }, words) {
  const parts = words.map((each, n) => {
    const [head, value] = values[n];
    if (kind === 'tick') return make('button', { class: 'tick', name: 'payload', value }, each);
    const label = each.slice(0, head);
    const pencil = value && make('button', { class: 'pencil', name: 'payload', value, 'aria-label': `${labels.change}: ${label}` });
    return make('div', { class: 'row-of' }, ...said([label, each.slice(head)]), ...(value ? [pencil] : []));
  });
  return make('form', { class: `shapes ${kind}s` }, make('fieldset', {}, ...parts));
}

function receipt({ values: [[, number]] }, words) {
  return tooled(make('div', { class: 'receipt' },
    ...said(number ? words.map(each => each.replace(number, '').trimEnd()) : words),
    ...(number ? [make('p', { class: 'number' }, number)] : [])));
}

/* Add the buttons that copy a receipt's number and print the receipt alone. */
function tooled(card) {
  if (!card.querySelector('.number')) return card;
  const tools = ['copy', 'print'].map(name => make('button', { class: `tool ${name}`, type: 'button' }, word(name)));
  card.append(make('div', { class: 'tools' }, ...tools));
  return card;
}

function drawn(part, words) {
  if (part.kind === 'item') {
    const box = make('input', { type: 'checkbox', class: 'box', 'aria-label': words[0] });
    return make('div', { class: 'item' }, box, folded('details', words));
  }
  if (part.kind === 'more') return folded('more', words);
  if (part.folds) return folded('caution', words);
  if (part.kind === 'receipt') return receipt(part, words);
  if (part.kind === 'row' || part.kind === 'tick') return pressable(part, words);
  return make('div', { class: part.kind || 'plain' }, ...said(words));
}

function shaped({ parts, paragraphs }) {
  let line = 0;
  return parts.map(part => drawn(part, paragraphs.slice(line, line += part.lines)));
}

function steps({ progress: [value, max], place }) {
  return make('div', { class: 'steps' },
    make('progress', { value, max, 'aria-label': place }), make('span', { 'aria-hidden': 'true' }, place));
}

function bubble(m) {
  const shapes = m.parts && m.parts.length ? shaped(m) : null;
  const paragraphs = shapes || m.paragraphs.map(words => make('p', { dir: m.own && 'auto' }, words));
  const translate = (m.own || m.protect) && 'no';
  const who = m.own ? 'own' : m.officer ? 'kosh officer' : 'kosh';
  const hidden = m.buttons && m.buttons.length && m.buttons[0][0].prompt ? ' unseen' : '';
  const li = make('li', { class: `said new ${who}`, 'data-id': m.id, 'data-at': m.at || Date.now() },
    ...(m.officer ? [] : [word(m.own ? 'you' : 'kosh', 'unseen')]), ...(m.progress ? [steps(m)] : []),
    make('div', { class: (shapes ? 'bubble shaped' : 'bubble') + hidden, id: `said-${m.id}`, lang: m.lang, dir: m.dir, translate }, ...paragraphs));
  if (!m.own) li.querySelectorAll('p').forEach(link);
  if (m.sent_file && m.sent_file.length) li.append(make('p', { class: 'sent-file' }, make('a', { href: m.sent_file[0], download: '' }, m.sent_file[1])));
  if (m.file) li.append(fileOf(m));
  if (m.buttons && m.buttons.length) li.append(buttonsOf(m));
  return timed(li);
}

/* Show the time of a message in the reader's time zone. */
function timed(li) {
  if (li.querySelector('.time, .bubble.unseen')) return li;
  const at = new Date(Number(li.dataset.at));
  li.querySelectorAll('.receipt').forEach(card => card.append(make('p', { class: 'dated' }, dayOf(at))));
  const hour = at.toLocaleTimeString('ru', { hour: '2-digit', minute: '2-digit' });
  li.querySelector('.bubble').after(make('time', { class: 'time', datetime: at.toISOString() }, hour));
  return li;
}

/* Dates are in digits, which all languages of Kosh share. */
const dayOf = at => at.toLocaleDateString('ru', { day: '2-digit', month: '2-digit', year: 'numeric' });

/* Insert a line at the start of a new day. */
function days() {
  list.querySelectorAll('.day').forEach(each => each.remove());
  let before = new Date().toDateString();
  for (const li of list.querySelectorAll('[data-at]')) {
    const at = new Date(Number(li.dataset.at));
    if (at.toDateString() !== before) {
      li.before(make('li', { class: 'day' }, make('time', { datetime: at.toISOString() }, dayOf(at))));
    }
    before = at.toDateString();
  }
}

// ---- the page ----

/* Scroll to the end of the chat, but not past Kosh's first message after the person's last one. After an
   edit, scroll to the start of the edited message if its content is new; otherwise do not scroll. */
function follow(edited, before) {
  if (edited) {
    const begins = li => (li.querySelector('.ticks, .rows') || li.querySelector('.bubble p') || {}).className
      || li.querySelector('.bubble').textContent.slice(0, 40);
    const { top, bottom } = edited.getBoundingClientRect();
    if (begins(edited) !== begins(before) || bottom < 0 || top > innerHeight) edited.scrollIntoView();
    return;
  }
  const own = newestOf('.own'), first = own && own.nextElementSibling;
  if (first) first.scrollIntoView(); else scrollTo(0, root.scrollHeight);
}

function speak(lang, dir, now) {
  if (lang) root.lang = lang;
  if (dir) root.dir = dir;
  if (!now) return;
  labels = now;
  document.title = labels.title;
  text.placeholder = labels.placeholder;
  document.querySelectorAll('[data-text]').forEach(e => { e.textContent = labels[e.dataset.text] || ''; });
  document.querySelectorAll('.about a').forEach(a => { a.search = `?lang=${labels.code}`; });
}

/* Show the number of unread messages below, on the button and in the page's title. */
function count(arrived) {
  below = following ? 0 : below + arrived;
  at('newest').hidden = following;
  at('newest').dataset.count = below || '';
  document.title = below ? `(${below}) ${labels.title}` : labels.title;
}

const lock = (set, on) => set.querySelectorAll('button').forEach(b => b.setAttribute('aria-disabled', on));

/* Payloads that Kosh accepts at any time: a command, a button of an answer, a rating. */
const lasting = b => /^[!?*]/.test(b.value);

/* Enable the buttons and file field of the newest message until one is used. In earlier messages after the
   person's last one, enable only buttons that stay valid (`lasting`). */
function settle() {
  clearTimeout(unpress);
  if (pressed) lock(pressed, false);
  pressed = null;
  const sets = [...list.querySelectorAll('fieldset')], newest = sets.length && sets[sets.length - 1].closest('li');
  const own = newestOf('.own');
  for (const set of sets.filter(each => each.closest('li') !== newest)) {
    const open = (!own || own.compareDocumentPosition(set) & Node.DOCUMENT_POSITION_FOLLOWING)
      && [...set.elements].some(lasting);
    if (open) for (const each of set.elements) each.disabled = !lasting(each);
    else set.disabled = true;
  }
}

/* Restore the focus after a pressed button was disabled: to the next button, or to the text field if no
   on-screen keyboard would open. The focus never leaves a field in which the person is typing. */
function refocus(done) {
  const focus = document.activeElement;
  if (!seekFocus || (focus !== document.body && !list.contains(focus))) return;
  const place = tapped.split('.').slice(1).join('.');
  const same = place && [...list.lastElementChild.querySelectorAll('.tick')].find(b => b.value.endsWith(place));
  const next = same || list.lastElementChild.querySelector('.button');
  if (next) next.focus({ preventScroll: true });
  else if (done && matchMedia('(pointer: fine)').matches) text.focus({ preventScroll: true });
  seekFocus = !next && !done;
}

/* Replace a private answer in the chat by a text that it is hidden. */
function hide(li) {
  li.dataset.state = 'hidden';
  li.querySelector('.bubble').replaceChildren(make('p', {}, word('hidden')));
}

function tell(name) {
  const stuck = following, before = banner.offsetHeight;
  clearTimeout(calm);
  banner.dataset.state = name;
  // In the language of this moment: a page that shows a new chat takes the browser's language.
  banner.replaceChildren(...(name ? [make('span', { lang: root.lang, dir: root.dir }, labels[name] || '')] : []));
  if (stuck) scrollBy(0, banner.offsetHeight - before); // otherwise the banner would cover the newest message
  if (name === 'online') calm = setTimeout(tell, 3000, '');
}

/* Say that this browser can no longer open the person's chat: its time is over, or the cookie is gone. */
const tellEnded = () => tell(chat === VISIT ? 'visit_ended' : 'chat_ended');

/* Return true for the name on the page of a person who has consented; a cookie has the chat's secret name. */
const byCookie = name => !name || name === VISIT;

/* Quick exit: clear this page and the chat's other tabs, and replace the history entry, so that Back does not return. */
function leave(url, payload) {
  exited = true;
  if (tabs) tabs.postMessage('');
  if (source) source.abort();
  source = null;
  clearTimeout(reconnect);
  unsent.clear();
  files.clear();
  if (store) store.clear();
  document.body.replaceChildren();
  document.title = '';
  const away = new URL(url, location).href;
  if (payload) {
    request('/chat/pressed', { id: uuid(), payload }, true).catch(() => {});
    // If the request gets lost. As long as the chat's cookie: COOKIE_SECONDS in chat_session.py.
    const left = chat.startsWith(VISIT) ? VISIT : '1';
    document.cookie = `away=${left}; path=/; max-age=2592000; SameSite=Strict`;
    document.cookie; // Chromium may store a cookie after the next request, unless the page reads it
  }
  try {
    window.top.location.replace(away);
  } catch { /* the frame may not lead its page away */
    location.replace(away);
  }
}

// ---- sending ----

function request(url, fields, keepalive = false) {
  const limit = new AbortController();
  setTimeout(() => limit.abort(), PATIENCE);
  const headers = FROM, body = new URLSearchParams({ chat, last: has(), ...fields });
  return fetch(url, { method: 'POST', headers, body, keepalive, signal: limit.signal });
}

function mark(li, state, message) {
  const failed = state === 'failed', old = li.querySelector('.state');
  if (old) old.remove();
  li.dataset.state = state;
  li.append(make('p', { class: 'state', 'aria-hidden': !failed && 'true' }, message || word(state)));
  if (failed && unsent.has(li)) li.lastChild.append(make('button', { class: 'again' }, word('retry')));
  // If an edit already shows the press, its bubble was removed and the page has scrolled.
  if (following && li.isConnected) follow();
}

function utter(url, words, fields) {
  const id = uuid(), li = bubble({ id, own: true, paragraphs: [words] });
  unsent.set(li, [url, { id, ...fields }]);
  if (banner.dataset.state !== 'offline') tell('');
  following = true;
  news = false;
  list.append(li);
  queue(li);
}

/* Send a file once; after a failure, the person chooses it again. A file for a chat that has ended is lost. */
function attach(file) {
  const id = uuid(), li = bubble({ id, own: true, paragraphs: [`📎 ${file.name}`] });
  const body = new FormData();
  body.append('chat', chat);
  body.append('id', id);
  body.append('last', has());
  body.append('file', file);
  following = true;
  list.append(li);
  files.add(li);
  mark(li, 'sending');
  sending = sending.then(async () => {
    const answer = await fetch('/chat/file', { method: 'POST', headers: FROM, body })
      .catch(() => ({}));
    const said = answer.json ? await answer.json().catch(() => ({})) : {};
    if (exited) return;
    const arrived = answer.ok && !said.ended;
    if (arrived) files.delete(li);
    mark(li, arrived ? 'sent' : 'failed');
    settle();
    if (said.ended) beginAgain(said.chat);
  });
}

function queue(li) {
  mark(li, 'sending');
  sending = sending.then(() => deliver(li)).catch(() => {});
}

async function deliver(li) {
  let said = {};
  for (const wait of TRIES) {
    if (!unsent.has(li)) return;
    const answer = await request(...unsent.get(li)).catch(() => ({}));
    said = answer.json ? await answer.json().catch(() => ({})) : {};
    if (exited) return;
    if (said.leave) return leave(said.leave);
    if (answer.ok) return delivered(li, said);
    if (said.as_page) return askAsPage(li);
    if (answer.status === 429) break;
    if (answer.status && answer.status < 500) return refused(li, said.message);
    if (!answer.status && source) lost(); // a line without traffic does not end the stream
    await new Promise(done => setTimeout(done, wait));
  }
  mark(li, 'failed', said.message);
  settle();
}

/* A message budget is exhausted: submit the message as a plain form, whose response asks a question and needs
   no script. The response replaces this page. Texts queued after a text are sent with it; texts queued after a press are
   put into the text field of the next page. */
function askAsPage(li) {
  const [url, fields] = unsent.get(li);
  const lines = [...unsent.values()].map(each => each[1].text).filter(Boolean);
  const all = Object.entries({ chat, last: has(), ...fields, text: lines.join('\n') });
  unsent.clear();
  const inputs = all.map(([name, value]) => make('input', { type: 'hidden', name, value }));
  const form = make('form', { method: 'post', action: url, hidden: 'hidden' }, ...inputs);
  document.body.append(form);
  form.submit();
}

function delivered(li, { chat: now, ended }) {
  unsent.delete(li);
  mark(li, 'sent');
  if (now === undefined) return;
  remember(now);
  if (now === chat) return;
  if (ended) return beginAgain(now);
  if (byCookie(chat) && !byCookie(now)) { // the person's data was deleted
    list.querySelectorAll('.own').forEach(each => { if (!unsent.has(each)) each.remove(); });
  }
  chat = now;
  listen();
}

/* Show the new chat `now` in place of one that has ended. */
function beginAgain(now) {
  tellEnded();
  chat = now;
  events.resync().finally(listen); // not awaited: the next message must not wait for the stream
}

function remember(name) {
  if (!store) return;
  if (name && name !== VISIT) store.setItem(NAME, name); else store.removeItem(NAME);
}

/* The server rejects this text permanently: put it back into the text field. */
function refused(li, message) {
  const words = unsent.get(li)[1].text;
  unsent.delete(li);
  mark(li, 'failed', message);
  settle();
  if (words && !text.value) text.value = words;
}

function press(chosen) {
  if (pressed) return;
  pressed = chosen.closest('fieldset');
  lock(pressed, true);
  pressed.querySelectorAll('.chosen').forEach(b => b.classList.remove('chosen'));
  chosen.classList.add('chosen');
  seekFocus = true;
  tapped = chosen.matches('.tick') ? chosen.value : '';
  unpress = setTimeout(settle, PATIENCE);
  utter('/chat/pressed', chosen.getAttribute('aria-label') || chosen.textContent, { payload: chosen.value });
}

/* Print one receipt without the rest of the chat, which is private. */
function printed(card) {
  card.classList.add('printed');
  root.classList.add('one-card');
  addEventListener('afterprint', () => {
    card.classList.remove('printed');
    root.classList.remove('one-card');
  }, { once: true });
  print();
}

async function copied(button) {
  await navigator.clipboard.writeText(button.closest('.receipt').querySelector('.number').textContent);
  button.replaceChildren(word('copied'));
}

function write(kind, value = '') {
  text.value = value;
  text.inputMode = kind;
  text.autocomplete = kind === 'tel' ? 'tel' : 'off';
  text.focus();
}

function submit(event) {
  event.preventDefault();
  const chosen = event.submitter, words = text.value.trim();
  if (chosen.matches('.exit')) leave(exitUrl, chosen.value);
  else if (chosen.matches('.menu')) utter('/chat/pressed', labels.menu, { payload: chosen.value });
  else if (chosen.matches('.contact')) write('tel', text.value);
  else if (chosen.matches('.button, .tick, .pencil')) press(chosen);
  else if (exitWords.includes(words.toLowerCase().replace(/^\/|[.!。！]+$/g, ''))) {
    leave(exitUrl, document.querySelector('.exit').value); // without waiting for messages in transit
  } else if (words) {
    utter('/chat/said', words, { text: words });
    write('text');
  }
}

// ---- the event stream ----

/* Reopen the stream, which reports the messages as seen, so that no e-mail or SMS announces them. The delay
   combines messages that arrive together. */
function seen() {
  clearTimeout(reconnect);
  reconnect = setTimeout(listen, 100);
}

const events = {
  say(m) {
    if (find(m.id) && m.replaces !== m.id) return;
    const place = m.replaces && find(m.replaces), done = m.typing_done !== false;
    const own = place && place.nextElementSibling;
    if (own && own.matches('.own') && place.contains(pressed)) own.remove(); // the edit shows the press
    else if (pressed) pressed.disabled = true;
    typing.hidden = done;
    speak(m.lang, m.dir);
    const said = bubble(m);
    if (place) place.replaceWith(said); else list.append(said);
    days();
    settle();
    if (following) follow(place && said, place);
    else if (!place) count(1);
    refocus(done);
    news = news || m.news;
    if (news && !document.hidden) seen();
  },
  typing() {
    typing.hidden = false;
    clearTimeout(hush);
    hush = setTimeout(() => { typing.hidden = true; }, 10000);
    if (following) follow();
  },
  gone({ ids }) {
    const gone = ids.map(find).filter(Boolean);
    gone.forEach(li => unsent.delete(li));
    if (gone.length === 1 && gone[0].matches('.own')) hide(gone[0]);
    else gone.forEach(li => li.remove());
    settle();
  },
  language(m) { speak(m.lang, m.dir, m.labels); },
  registry() { document.dispatchEvent(new Event('registry')); },
  async resync() {
    const answer = await fetch('/chat', { headers: { ...FROM, ...named() } });
    if (answer.redirected) return leave(answer.url);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const { dataset } = page.body, { lang, dir } = page.documentElement;
    list.replaceChildren(...page.getElementById('list').children, ...unsent.keys(), ...files);
    if (byCookie(chat) && !byCookie(dataset.chat)) tellEnded();
    chat = dataset.chat;
    speak(lang, dir, JSON.parse(dataset.labels));
    begin();
  },
};

/* Send the chat's secret name in a header, because proxies log addresses. */
const named = () => ({ ...(framed && { 'X-Kosh-Framed': '1' }), ...(chat && { 'X-Kosh-Chat': chat }) });

/* Read the event stream with fetch, because EventSource cannot send headers. */
async function listen() {
  if (exited) return;
  clearTimeout(reconnect);
  if (source) source.abort();
  const mine = source = new AbortController();
  const url = new URL(stream, location.href);
  if (has()) url.searchParams.set('last', has());
  if (!document.hidden) url.searchParams.set('seen', '1');
  try {
    const answer = await fetch(url, { headers: named(), cache: 'no-store', signal: mine.signal });
    if (answer.ok && mine === source) heard();
    if (answer.ok) await read(answer.body.getReader());
  } catch { /* the connection broke */ }
  if (mine === source) lost();
}

async function read(body) {
  const decoder = new TextDecoder();
  for (let rest = ''; ;) {
    const { done, value } = await body.read();
    if (done) return;
    const parts = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = parts.pop();
    parts.forEach(take);
  }
}

function take(part) {
  const fields = Object.fromEntries(part.split('\n').map(line => line.split(/: (.*)/s, 2)));
  last = fields.id || last;
  try {
    if (fields.event) events[fields.event](JSON.parse(fields.data));
  } catch (error) {
    (window.reportError || console.error)(error); // one message that cannot be shown does not end the stream
  }
}

function heard() {
  pause = 1000;
  clearTimeout(warn);
  warn = 0;
  if (banner.dataset.state === 'offline') tell('online');
  for (const li of unsent.keys()) if (li.dataset.state === 'failed') queue(li);
}

/* Say that the connection is lost, unless the banner says that the chat has ended. */
function warning() {
  clearTimeout(warn);
  warn = 0;
  if (!banner.dataset.state || banner.dataset.state === 'online') tell('offline');
}

function lost() {
  const broken = source;
  source = undefined;
  if (broken) broken.abort();
  clearTimeout(reconnect);
  if (!navigator.onLine) warning();
  else warn = warn || setTimeout(warning, 3000); // a failed retry must not restart the time
  reconnect = setTimeout(listen, pause * (0.5 + Math.random()));
  pause = Math.min(pause * 2, 30000);
}

// ---- begin ----

function begin() {
  // Without a script a form shows the chosen file and sends it by a button; with it, choosing sends.
  list.querySelectorAll('.file label').forEach(each => each.classList.add('pick'));
  list.querySelectorAll('.file .button:not(.pick)').forEach(each => each.remove());
  list.querySelectorAll('.receipt').forEach(tooled);
  list.querySelectorAll('[data-at]').forEach(timed);
  days();
  settle();
  follow();
}

document.addEventListener('submit', submit);
list.addEventListener('click', event => {
  const again = event.target.closest('.again'), copy = event.target.closest('.copy');
  const sheet = event.target.closest('.print');
  if (sheet) printed(sheet.closest('.receipt'));
  if (again) queue(again.closest('li'));
  if (copy) copied(copy);
});
list.addEventListener('change', ({ target }) => {
  if (!target.files) return;
  [...target.files].forEach(attach);
  target.value = ''; // otherwise choosing the same file again causes no event
});
text.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  at('send').click();
});
at('newest').addEventListener('click', () => scrollTo(0, root.scrollHeight));
addEventListener('scroll', () => {
  if (exited) return;
  following = root.scrollHeight - scrollY - innerHeight < 120;
  count(0);
}, { passive: true });
addEventListener('online', listen);
addEventListener('offline', lost);
if (tabs) tabs.onmessage = () => { tabs.close(); tabs = null; leave(exitUrl); };
addEventListener('pageshow', event => { if (event.persisted) events.resync(); });
document.addEventListener('visibilitychange', () => { if (!document.hidden) listen(); });

begin();
const held = !byCookie(chat) && store && store.getItem(NAME);
if (byCookie(chat)) remember('');
if (held) chat = held;
if (held) events.resync().finally(listen); else listen();
