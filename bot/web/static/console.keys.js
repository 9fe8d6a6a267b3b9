/* Keyboard shortcuts of the console. They use key positions, so that they work with every layout.
   Without Alt they work outside text fields, unless the officer has disabled them. */

const gate = document.getElementById('over');
const single = document.getElementById('single-keys');
const words = document.getElementById.bind(document, 'words');
const ready = document.getElementById.bind(document, 'ready');
const FIELDS = 'textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])';

single.checked = localStorage.getItem('keys') !== 'off';
single.addEventListener('change', () => {
  if (single.checked) localStorage.removeItem('keys'); else localStorage.setItem('keys', 'off');
});

const shown = node => node.checkVisibility();

/* Move the focus along the rows of the list; beside a case, start at the row of that case. */
function step(by) {
  const rows = [...document.querySelectorAll('.line .what')].filter(shown);
  const here = rows.indexOf(document.activeElement), open = rows.findIndex(row => row.ariaCurrent);
  const from = here < 0 ? open : here;
  rows[Math.max(0, Math.min(rows.length - 1, from < 0 ? 0 : from + by))]?.focus();
}

function use(target) {
  const group = target.closest('details');
  if (target.localName === 'summary' && target.dataset.key === 'Slash') { find(); return; }
  if (group) group.open = true;
  if (/^(a|button)$/.test(target.localName)) target.click();
  else target.focus();
}

// ---- canned replies: searched while typing, chosen with arrow keys and Enter ----

const search = () => ready()?.querySelector('[data-search]');
const choices = () => [...ready().querySelectorAll('.replies li')];

function find() {
  ready().open = true;
  search()?.focus();
}

function sift() {
  const wanted = search().value.toLowerCase().split(/\s+/);
  for (const each of choices()) {
    const text = each.textContent.toLowerCase();
    each.hidden = !wanted.every(word => text.includes(word));
  }
  document.getElementById('ready-none').hidden = choices().some(each => !each.hidden);
}

function leave() {
  ready().open = false;
  words().focus();
}

function walk(event) {
  const buttons = choices().filter(each => !each.hidden).map(each => each.firstElementChild);
  const at = buttons.indexOf(document.activeElement);
  if (event.key === 'Escape') leave();
  else if (event.key === 'ArrowDown') buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
  else if (event.key === 'ArrowUp') (at > 0 ? buttons[at - 1] : search()).focus();
  else if (event.key === 'Enter' && event.target === search()) buttons[0]?.click();
  else return false;
  return true;
}

document.addEventListener('input', event => { if (event.target === search()) sift(); });

// ---- keys ----

function pressed(event) {
  const { altKey: alt, code, target } = event;
  if (code === 'Slash' && !alt && target === words() && !target.value && ready()) { find(); return true; }
  if (!alt && (!single.checked || target.matches(FIELDS))) return false;
  if (code === 'Slash' && (alt || event.shiftKey)) { use(document.querySelector('[data-key=Help]')); return true; }
  if (event.shiftKey) return false;
  if (code === 'KeyJ') step(1);
  else if (code === 'KeyK') step(-1);
  else if (code === 'KeyX') document.activeElement.closest('.line')?.querySelector('.pick')?.click();
  else {
    const found = document.querySelector(`[data-key="${CSS.escape(code)}"]`);
    if (!found) return false;
    use(found);
  }
  return true;
}

document.addEventListener('keydown', event => {
  if (!gate.hidden || event.isComposing) return;
  if (event.ctrlKey && event.code === 'Enter' && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  if (event.ctrlKey || event.metaKey) return;
  const chosen = ready()?.contains(event.target) && event.target.localName !== 'summary' && walk(event);
  if (chosen || pressed(event)) event.preventDefault();
});

/* Focus the button of the preview, so that Enter sends it. */
document.querySelector('#preview .primary')?.focus({ preventScroll: true });
