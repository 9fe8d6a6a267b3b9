/* Updates the console's page: after an event about a change, fetches the page again and replaces the
   nodes that differ. Without this script, the console works with plain forms. */

const { live: from, stream, case: own, page: about = location.href } = document.body.dataset;
/* True if this page is the response to a form: a GET of its address would not return its messages. */
const answer = new URL(about, location).pathname !== location.pathname;
const chip = document.getElementById('live');
const main = () => document.getElementById('main');
const MIN_INTERVAL = 400; // ms between two fetches; more if the server is slow
const OTHERS = 4000; // ms to wait when only other cases changed
const SPREAD = 1500; // ms over which lists spread their fetches, so that a team's pages do not fetch at once
const WRITING = 15000; // ms for which a colleague is shown as typing
const ECHO = 3000; // ms within which the event about this page's own change arrives
const RETRY = 3000; // ms until the next try
const TIMEOUT = 10000; // ms
const OLD = 45000; // ms after which times on the page are too old
const WHOLE = 'whole', PANE = 'pane'; // the parts of a case's page; any other page is one
let source, last = from, pause = 1000;
let fetched = 0, cost = 0, timer, due = 0, busy = false, again = false, waiting = null;
let complete = performance.now(); // when all was fetched
const dues = new Map(); // when each part is to be fetched

// ---- merging a fetched page ----

const name = node => (node.nodeType === 1 ? node.id || node.localName : node.nodeName);
const KEPT = new Set(['open', 'hidden']);

function dress(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !KEPT.has(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (!KEPT.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
}

/* Merge `fresh` into `old`. Typed text, opened parts and the idempotency key of a form that may be in transit stay. */
function fit(old, fresh, sent) {
  if (old.isEqualNode(fresh)) return;
  if (old.localName !== fresh.localName) { old.before(document.importNode(fresh, true)); leave(old); return; }
  if (old.nodeType !== 1) { old.nodeValue = fresh.nodeValue; return; }
  if (old.localName === 'input' && old.name === 'key' && !sent) return;
  if (/^(input|select|textarea)$/.test(old.localName) && old.name !== 'csrf' && touched(old) && !sent) return;
  dress(old, fresh);
  children(old, fresh, sent);
  if (/^(input|textarea)$/.test(old.localName)) old.value = fresh.defaultValue;
  // A choice that the officer made and took back does not follow the attributes any more.
  if (old.localName === 'input') old.checked = fresh.defaultChecked;
  if (old.localName === 'option') old.selected = fresh.defaultSelected;
}

const CHOICE = '[type=checkbox], [type=radio]';

function touched(field) {
  return answer || (field === document.activeElement && !field.matches(CHOICE)) || changed(field);
}

function changed(field) {
  if (field.localName === 'select') {
    const first = [...field.options].findIndex(option => option.defaultSelected); // none: the first of all
    return field.options.length > 0 && field.selectedIndex !== Math.max(first, 0);
  }
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

/* Return what identifies a node among its siblings: its id, or the choice in it. Other nodes are matched by position. */
function mark(node) {
  if (node.nodeType !== 1 || node.id) return node.id;
  const choice = node.localName === 'label' && node.querySelector(CHOICE);
  return choice ? `${choice.name} ${choice.value}` : '';
}

function children(old, fresh, sent) {
  const left = new Map();
  for (const node of old.childNodes) if (mark(node)) left.set(mark(node), node);
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    while (at && said(at)) at = at.nextSibling;
    const same = mark(next) && left.get(mark(next));
    if (same) {
      if (same !== at) old.insertBefore(same, at); else at = at.nextSibling;
      left.delete(mark(next));
      fit(same, next, sent);
    } else if (at && !mark(at) && !mark(next) && name(at) === name(next)) {
      const here = at;
      at = at.nextSibling;
      fit(here, next, sent);
    } else old.insertBefore(document.importNode(next, true), at);
  }
  while (at) { const gone = at; at = at.nextSibling; if (!said(gone)) leave(gone); }
}

/* Remove a form, for example because a colleague took the case over; its typed text stays, to be copied. */
function leave(gone) {
  const typed = [gone, ...(gone.querySelectorAll?.('textarea') || [])]
    .filter(field => field.localName === 'textarea' && field.value.trim() && (answer || changed(field)));
  gone.replaceWith(...typed.map(({ value }) => {
    const left = document.getElementById('typed').content.firstElementChild.cloneNode(true);
    left.querySelector('textarea').value = value;
    return left;
  }));
}

/* Nodes to keep although the fetched page lacks them. The templates have no white space before the first two,
   so that the other nodes match with or without them. */
const SAID = '#preview, #problem, #kept', TYPED = '.typed';
const said = node => node.nodeType === 1 && node.matches(answer ? `${SAID}, ${TYPED}` : TYPED);

const order = node => [...node.querySelectorAll('.line')].map(line => line.id).join();

/* Show a fetched page. While the pointer is over the list, its rows do not move; the officer loads the changes. */
function place(page, sent, part = '') {
  if (page.body.dataset.officer !== document.body.dataset.officer) { anew(); return; }
  const list = document.querySelector('[data-hold]'), next = page.querySelector('[data-hold]');
  const held = !sent && list && next && list.matches(':hover') && order(list) !== order(next);
  if (next) waiting = held ? { page: page.cloneNode(true), part } : null;
  if (held) next.replaceWith(document.importNode(list, true));
  const news = document.getElementById('news');
  const typing = document.activeElement;
  const at = part || 'main';
  fit(document.getElementById(at), page.getElementById(at), sent);
  if (news && next) news.hidden = !held;
  hold(page);
  if (typing && typing.isConnected && typing !== document.activeElement) typing.focus({ preventScroll: true });
  document.body.dataset.live = page.body.dataset.live;
  if (part !== PANE) document.title = page.title;
  badge();
  if (covered()) uncover();
}

/* An approval applies to the text that the officer has read. So after a change the form keeps the hash of that text,
   which the server refuses, and a notice says that the text was changed. */
function hold(page) {
  const { hash } = document.body.dataset, notice = document.getElementById('changed');
  if (!hash) return;
  if (notice) notice.hidden = page.body.dataset.hash === hash;
  for (const field of main().querySelectorAll('input[name=hash]')) field.value = hash;
}

/* Fetch the page; only one request at a time, because an older response could arrive last. */
async function refresh() {
  clearTimeout(timer);
  due = 0;
  if (busy) { again = true; return; }
  busy = true;
  const began = performance.now(), part = asked();
  const html = await fresh(part).catch(() => null);
  fetched = performance.now();
  cost = fetched - began;
  busy = false;
  if (html) put(new DOMParser().parseFromString(html, 'text/html'), part, began);
  if (html === null) soon(RETRY); else if (again) soon(0);
  else if (dues.size) soon(Math.min(...dues.values()) - fetched, [...dues.keys()][0]);
  again = false;
}

/* Show a fetched page or part. If the case's page no longer has the part, fetch the whole page. */
function put(page, part, began) {
  if (part && !(page.getElementById(part) && document.getElementById(part))) { complete = 0; soon(0); return; }
  if (!part) complete = began;
  place(page, false, part);
  if (document.getElementById('writing')) soon(WRITING, WHOLE);
  if (part === WHOLE && beside()) soon(OTHERS, PANE); // its row is in the list too
}

/* Return the part to fetch if only one has changed and the times on the page are not old; else '' for the page. */
function asked() {
  const now = performance.now(), parts = [...dues.keys()].filter(part => dues.get(part) <= now + MIN_INTERVAL);
  const one = parts.length === 1 && !covered() && now - complete < OLD ? parts[0] : '';
  if (one) dues.delete(one); else dues.clear();
  return one;
}

async function fresh(part) {
  const headers = { 'X-Requested-With': 'kosh-live' }, signal = AbortSignal.timeout(TIMEOUT);
  if (part) headers['X-Live-Part'] = part;
  const came = await fetch(answer ? about : location.href, { headers, signal, redirect: 'manual' });
  if (came.status === 401) { over(); return ''; }
  return came.ok ? came.text() : null;
}

/* Schedule a fetch. Fetching takes about a fifth of the time at most, and does not happen in a hidden page. */
function soon(wait, part = '') {
  const at = performance.now() + Math.max(wait, MIN_INTERVAL - (performance.now() - fetched), Math.min(cost * 4, RETRY));
  if (document.hidden) return;
  for (const each of own && !answer && part ? [part] : [WHOLE, PANE]) dues.set(each, Math.min(at, dues.get(each) ?? at));
  if (due && due <= at) return;
  clearTimeout(timer);
  due = at;
  timer = setTimeout(refresh, at - performance.now());
}

/* A narrow screen does not show the list beside a case, so the list is not fetched. */
const beside = () => document.getElementById(PANE)?.checkVisibility();

// ---- the session has expired ----

const gate = document.getElementById('over'), frame = document.querySelector('.frame');
const covered = () => !gate.hidden;
const anew = () => { if (answer) location.replace(about); else location.reload(); };

/* Hide the typed text until the same officer signs in again, and remove all other text. */
function over() {
  if (source) source.close();
  clearTimeout(timer);
  due = 0;
  if (!answer && ![...main().querySelectorAll('input, select, textarea')].some(changed)) { anew(); return; }
  gate.hidden = false;
  frame.hidden = true;
  document.activeElement?.blur();
  document.title = document.querySelector('.brand span').textContent;
  const typed = field => answer || changed(field.closest('select') || field);
  for (const field of main().querySelectorAll('input:not([name=key]), textarea, option')) {
    if (typed(field)) continue;
    if (field.localName !== 'option') field.defaultValue = '';
    field.value = '';
  }
  const words = document.createTreeWalker(main(), NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const { currentNode: word } = words, kept = word.parentNode.closest(`textarea, select, ${SAID}, ${TYPED}`);
    if (!kept || (kept.localName === 'select' && !typed(kept))) word.nodeValue = '';
  }
}

function uncover() {
  gate.hidden = true;
  frame.hidden = false;
  if (stream) listen();
}

const back = () => { if (covered()) soon(0); };
addEventListener('focus', back);
document.addEventListener('visibilitychange', back);
/* A page from the back/forward cache is covered until the server confirms the officer. */
addEventListener('pageshow', event => { if (event.persisted) { over(); soon(0); } });

// ---- text that was typed and not sent: the browser asks before it leaves the page ----

let sending = null; // the form that is being sent

addEventListener('beforeunload', event => {
  const sent = new Set([...(sending?.elements || [])].map(field => field.value));
  const typed = [...main().querySelectorAll('textarea')].filter(field => answer || changed(field));
  if (!covered() && typed.some(({ value }) => value.trim() && !sent.has(value))) event.preventDefault();
});

// ---- a page in the background: a number in its title, and a tone if the officer wants one ----

const TELLING = new Set(['case', 'words', 'paper']);
let missed = 0;

function badge() { document.title = document.title.replace(/^\(\d+\) /, ''); if (missed) document.title = `(${missed}) ${document.title}`; }

function tone() {
  if (localStorage.getItem('sound') !== 'on') return;
  const audio = new AudioContext(), wave = audio.createOscillator(), volume = audio.createGain();
  volume.gain.setValueAtTime(0.1, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  wave.frequency.value = 660;
  wave.connect(volume).connect(audio.destination);
  wave.onended = () => audio.close();
  wave.start();
  wave.stop(audio.currentTime + 0.4);
}

function miss(kind) {
  if (!document.hidden || !TELLING.has(kind)) return;
  missed += 1;
  badge();
  tone();
}

document.addEventListener('visibilitychange', () => { if (!document.hidden) { missed = 0; badge(); } });

// ---- colleagues see who is typing in a case, but not the text ----

let noted = -WRITING;

document.addEventListener('input', ({ target }) => {
  const csrf = target.form?.elements.csrf;
  if (!own || target.localName !== 'textarea' || !csrf || performance.now() - noted < WRITING / 3) return;
  noted = performance.now();
  const body = new URLSearchParams({ csrf: csrf.value });
  fetch(`/console/cases/${own}/writing`, { method: 'POST', body }).catch(() => null);
});

// ---- the stream ----

function state(word) { chip.dataset.live = word; }

function listen() {
  if (covered()) return;
  if (source) source.close();
  source = new EventSource(`${stream}?at=${encodeURIComponent(last)}`);
  source.onopen = () => { state('on'); pause = 1000; };
  source.onerror = () => {
    source.close();
    state(navigator.onLine ? 'wait' : 'off');
    setTimeout(listen, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, 15000);
    soon(pause); // until it is back, the page asks by itself
  };
  source.addEventListener('change', event => {
    last = event.lastEventId || last;
    const change = JSON.parse(event.data);
    miss(change.kind);
    if (change.kind === 'reader' && performance.now() - noted < ECHO) return; // this page's own writing
    if (own && change.case === own) soon(0, WHOLE);
    else if (!own) { if (!due) soon(SPREAD * Math.random()); }
    else if (beside() && !dues.has(PANE)) soon(OTHERS, PANE);
  });
  source.addEventListener('resync', event => { last = event.lastEventId || last; soon(0); });
  source.addEventListener('still', () => { if (performance.now() - fetched > OLD) soon(0); });
  source.addEventListener('over', over);
}

if (stream) {
  state('wait');
  listen();
  document.addEventListener('visibilitychange', () => { if (!document.hidden) { listen(); soon(0); } });
  addEventListener('online', () => { listen(); soon(0); });
  document.addEventListener('pointerout', event => {
    if (waiting && !event.relatedTarget?.closest?.('[data-hold]')) place(waiting.page, false, waiting.part);
  });
  document.getElementById('news')?.addEventListener('click', () => { if (waiting) place(waiting.page, true, waiting.part); });
} else if (chip) chip.hidden = true;

// ---- forms: sent once, at the same scroll position afterwards ----

document.addEventListener('submit', event => {
  if (event.target.method !== 'post') return;
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = 'yes';
  sending = event.target;
  setTimeout(() => { delete event.target.dataset.sent; sending = null; }, 8000);
});

/* Count an announcement's recipients after each change; one request at a time, because a count may be slow. */
const counted = document.querySelector('form[data-count]');
let counting = false, recount = false;

async function count() {
  if (counting) { recount = true; return; }
  counting = true;
  recount = false;
  const body = new URLSearchParams(new FormData(counted));
  const html = await fetch(counted.dataset.count, { method: 'POST', body }).then(answer => answer.ok && answer.text()).catch(() => '');
  const fresh = html && new DOMParser().parseFromString(html, 'text/html').getElementById('audience');
  if (fresh) document.getElementById('audience').replaceWith(fresh);
  counting = false;
  if (recount) count();
}

counted?.addEventListener('change', count);

const thread = document.getElementById('thread');
const problem = document.getElementById('problem') || document.getElementById('preview');
const dock = document.getElementById('reply-place');
const covers = dock ? Math.min(innerHeight, dock.getBoundingClientRect().top) : innerHeight;
if (problem) problem.scrollIntoView({ block: 'center' });
else if (thread && thread.lastElementChild && thread.getBoundingClientRect().bottom > covers) {
  thread.lastElementChild.scrollIntoView({ block: 'end' });
}

/* On a phone, scroll the menu to the entry of this page. */
const here = document.querySelector('.nav [aria-current]'), menu = here?.closest('.nav');
const middle = node => { const { left, width } = node.getBoundingClientRect(); return left + width / 2; };
if (menu) menu.scrollLeft += middle(here) - middle(menu);
