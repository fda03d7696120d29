// The page's script: searches while you type, keeps ages counting, and follows the server by server-sent events: at each new
// report it fetches the page and changes only what differs, so that focus, search and scroll stay. Without it the page is whole.
// HTML Living Standard 9.2 (EventSource).

const RETRY_MS = 5000;
// The server pings each 15 s: a longer silence is a connection that is dead and does not know.
const SILENCE_MS = 40_000;
// Of a tab that is not seen only title and icon are, and there may be many of them.
const UNSEEN_MS = 15_000;

const search = /** @type {HTMLInputElement} */ (document.getElementById('q'));
const drifted = /** @type {HTMLInputElement} */ (document.getElementById('drifted'));
const form = /** @type {HTMLFormElement} */ (document.getElementById('filter'));
const shown = /** @type {HTMLElement} */ (document.getElementById('shown'));
const live = /** @type {HTMLElement} */ (document.getElementById('live'));

// ── search ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const folds = () => document.querySelectorAll('details[id$="-more"]');

function applyFilter() {
  const words = search.value.toLowerCase().split(/\s+/);
  for (const row of document.querySelectorAll('[data-q]')) {
    const text = /** @type {HTMLElement} */ (row).dataset.q ?? '';
    const fits =
      words.every((word) => text.includes(word)) && !(drifted.checked && row.classList.contains('compliant'));
    if (fits === row.hasAttribute('hidden')) row.toggleAttribute('hidden', !fits);
  }
  const rows = document.querySelectorAll('tr[data-q]').length;
  const left = document.querySelectorAll('tr[data-q]:not([hidden])').length;
  shown.textContent = left === rows ? '' : `${left} of ${rows} vnets shown`;
  // What is folded away is searched as well. After each update, too: it may bring a fold, or move a row into one.
  if (search.value) for (const fold of folds()) fold.toggleAttribute('open', true);
}

function filterChanged() {
  applyFilter();
  if (!search.value) for (const fold of folds()) fold.toggleAttribute('open', false);
  const query = new URLSearchParams();
  if (search.value) query.set('q', search.value);
  if (drifted.checked) query.set('drifted', '1');
  history.replaceState(null, '', query.size > 0 ? `?${query}` : location.pathname);
}

form.addEventListener('input', filterChanged);
form.addEventListener('submit', (event) => event.preventDefault());
/** @type {HTMLElement} */ (form.querySelector('button')).hidden = true;

document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type === 'search';
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
  } else if (event.key === 'Escape' && typing && search.value) {
    event.preventDefault();
    search.value = '';
    filterChanged();
  }
});

// ── ages ────────────────────────────────────────────────────────────────────────────────────────────────────────────

// Ages are counted by the server's clock.
let behind = Date.now() - Number(document.body.dataset.now);

/** @param {number} ms */
function ageWords(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 100) return `${s} s ago`;
  if (s < 6000) return `${Math.floor(s / 60)} min ago`;
  if (s < 360_000) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86_400)} days ago`;
}

function tick() {
  const now = Date.now() - behind;
  for (const time of document.querySelectorAll('time')) {
    const words = ageWords(now - Date.parse(time.dateTime));
    if (time.textContent !== words) time.textContent = words;
  }
  const age = document.getElementById('age');
  const due = Number(age?.dataset.due);
  if (due && now > due) age?.classList.add('bad');
}

// ── updates ─────────────────────────────────────────────────────────────────────────────────────────────────────────

let fetching = false;
let again = false;
// By performance.now(), which is never set back.
let updatedAt = Number.NEGATIVE_INFINITY;
// The last update failed: what is shown may be old, though the server is heard.
let stale = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;

async function update() {
  if (fetching || (document.hidden && performance.now() - updatedAt < UNSEEN_MS)) {
    again = true;
    return;
  }
  fetching = true;
  again = false;
  updatedAt = performance.now();
  try {
    const response = await fetch('./', { cache: 'no-cache', signal: AbortSignal.timeout(SILENCE_MS) });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    show(new DOMParser().parseFromString(await response.text(), 'text/html'));
    if (stale) {
      stale = false;
      heard();
    }
  } catch (error) {
    stale = true;
    lost(String(error));
    clearTimeout(retry);
    retry = setTimeout(update, RETRY_MS);
  }
  fetching = false;
  if (again) update();
}

/** @param {Document} next */
function show(next) {
  // Another version of the exporter has another script.
  const script = 'script[src]';
  if (next.querySelector(script)?.outerHTML !== document.querySelector(script)?.outerHTML) return location.reload();
  Object.assign(document.body.dataset, next.body.dataset);
  behind = Date.now() - Number(document.body.dataset.now);
  document.title = next.title;
  take(next, 'link[rel=icon]');
  // The rest follows when it is seen, so that the reader sees what has changed meanwhile.
  if (document.hidden) {
    again = true;
    return;
  }
  for (const row of document.querySelectorAll('.changed')) row.classList.remove('changed');
  const focused = document.activeElement;
  for (const part of ['#summary', '#findings-or-vnets', '#rest']) take(next, part);
  if (focused !== document.activeElement && focused?.isConnected) {
    /** @type {HTMLElement} */ (focused).focus({ preventScroll: true });
  }
  applyFilter();
  tick();
}

/** @param {Document} next @param {string} part */
function take(next, part) {
  const [from, to] = [document.querySelector(part), next.querySelector(part)];
  if (from && to) morph(from, to);
}

// Makes `from` equal to `to` with few changes: elements with an id are found again wherever they went, others by their place.
/** @param {Node} from @param {Node} to */
function morph(from, to) {
  if (from.isEqualNode(to)) return;
  if (!(from instanceof Element && to instanceof Element)) {
    from.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && name !== 'hidden' && name !== 'open') from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) === value) continue;
    if (name === 'class' && from.matches('[data-q]')) flash(from);
    from.setAttribute(name, value);
  }
  morphChildren(from, to);
}

/** @param {Element} from @param {Element} to */
function morphChildren(from, to) {
  const wanted = new Set([...to.children].map((child) => child.id));
  const known = new Map();
  for (const child of [...from.children]) {
    if (!child.id) continue;
    if (wanted.has(child.id)) known.set(child.id, child);
    else child.remove();
  }
  let place = from.firstChild;
  for (const next of [...to.childNodes]) {
    const id = next instanceof Element ? next.id : '';
    const old = id ? known.get(id) : place?.nodeName === next.nodeName && !nodeId(place) ? place : undefined;
    if (!old || old.nodeName !== next.nodeName) {
      from.insertBefore(next, place);
      if (next instanceof Element && next.matches('[data-q]')) flash(next);
      continue;
    }
    if (old === place) place = old.nextSibling;
    else from.insertBefore(old, place);
    morph(old, next);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** @param {Node | null} node */
function nodeId(node) {
  return node instanceof Element && node.id;
}

/** @param {Element} element */
function flash(element) {
  setTimeout(() => element.classList.add('changed'));
  setTimeout(() => element.classList.remove('changed'), 2000);
}

// ── connection ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** @type {EventSource} */
let events;
let heardAt = Date.now();

function connect() {
  events?.close();
  events = new EventSource('events');
  events.addEventListener('report', told);
  events.addEventListener('ping', told);
  events.onerror = () => {
    lost('trying again');
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  };
}

// The server says at once, at each change, and in between which state it has: this page may show another, or hold a part only.
/** @param {MessageEvent} event */
function told({ data }) {
  heard();
  const { state, filtered } = document.body.dataset;
  if (data !== state || filtered === 'yes') update();
}

function heard() {
  heardAt = Date.now();
  if (stale) return;
  live.className = 'on';
  if (live.textContent !== 'Live') live.textContent = 'Live';
}

/** @param {string} why */
function lost(why) {
  live.className = 'lost';
  live.textContent = `Connection lost: what you see may be old (${why})`;
}

setInterval(() => {
  tick();
  if (Date.now() - heardAt > SILENCE_MS) {
    heardAt = Date.now();
    lost('no word from the server');
    connect();
  }
}, 1000);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && again) update();
});

applyFilter();
connect();
