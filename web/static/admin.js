// Keeps the administrator's lists up to date: asks every two seconds with
// If-None-Match and touches only the rows that changed, so that scroll,
// selection and focus stay where they are. The server renders the rows.
const status = document.getElementById('status');
const [second, minute, hour] = status.dataset.units.split(' ');
const pace = 2000;
// An address with user and password in it (as admin:TOKEN@host) cannot be
// fetched; the browser sends the password by itself.
const ours = (path) => new URL(path, location.origin).href;
let etag = '';
let clock = 0; // server's clock minus ours, in milliseconds
let busy = false;
const shown = new Map(); // list/key -> html

// Replaces only the cells that differ: what is selected or focused in the
// others stays so. A cell with an age is written once a second by ages.
function patchRow(tr, fresh) {
  tr.className = fresh.className;
  [...fresh.cells].forEach((now, i) => {
    const old = tr.cells[i];
    if (now.dataset.age ? now.dataset.age !== old.dataset.age : !now.isEqualNode(old)) old.replaceWith(now);
  });
}

function patchList(name, rows) {
  const body = document.querySelector(`tbody[data-list="${name}"]`);
  const have = new Map([...body.children].map((tr) => [tr.dataset.key, tr]));
  let before = body.firstElementChild;
  for (const { key, html } of rows) {
    let tr = have.get(key);
    have.delete(key);
    const id = `${name}/${key}`;
    if (!tr || shown.get(id) !== html) {
      const holder = document.createElement('template');
      holder.innerHTML = html;
      const fresh = holder.content.firstElementChild;
      if (tr) {
        patchRow(tr, fresh);
      } else {
        tr = fresh;
        body.insertBefore(tr, before);
      }
      shown.set(id, html);
    }
    if (tr === before) before = tr.nextElementSibling;
    else if (tr.nextElementSibling !== before || tr.parentNode !== body) body.insertBefore(tr, before);
  }
  for (const [key, tr] of have) {
    shown.delete(`${name}/${key}`);
    tr.remove();
  }
  document.querySelector(`[data-empty="${name}"]`).hidden = rows.length > 0;
  const more = document.querySelector(`[data-more="${name}"]`);
  if (more) more.hidden = !picture.more;
}

let picture = { more: false };

function ages() {
  const now = Date.now() + clock;
  for (const cell of document.querySelectorAll('[data-age]')) {
    const s = Math.max(0, Math.floor((now - Date.parse(cell.dataset.age)) / 1000));
    const text = s < 60 ? `${s} ${second}` : s < 3600 ? `${Math.floor(s / 60)} ${minute}` : `${Math.floor(s / 3600)} ${hour}`;
    const time = cell.querySelector('time');
    if (time && time.textContent !== text) time.textContent = text;
  }
}

function say(text, lost) {
  if (status.textContent !== text) status.textContent = text;
  status.classList.toggle('lost', lost);
}

async function refresh() {
  if (busy) return;
  busy = true;
  try {
    const reply = await fetch(ours(status.dataset.url), { headers: etag ? { 'If-None-Match': etag } : {}, cache: 'no-store', signal: AbortSignal.timeout(10000) });
    if (reply.status === 401) { location.reload(); return; }
    if (reply.status !== 304) {
      if (!reply.ok) throw new Error(String(reply.status));
      picture = await reply.json();
      for (const [name, rows] of Object.entries(picture.lists)) patchList(name, rows);
      for (const [name, value] of Object.entries(picture.numbers)) {
        const cell = document.querySelector(`[data-number="${name}"]`);
        if (cell && cell.textContent !== String(value)) cell.textContent = value;
      }
      etag = reply.headers.get('ETag') || '';
    }
    const date = Date.parse(reply.headers.get('Date') || '');
    if (date) clock = date - Date.now();
    say(status.dataset.live, false);
  } catch {
    etag = '';
    say(status.dataset.lost, true);
  } finally {
    busy = false;
    ages();
  }
}

// A button works without this script too; with it the page stays where it is.
document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    const reply = await fetch(ours(form.getAttribute('action')), { method: 'POST', headers: { Accept: 'application/json' } });
    if (!reply.ok) {
      const problem = await reply.json().catch(() => ({}));
      say(`${status.dataset.failed} ${problem.detail || reply.status}`, true);
      return;
    }
    await refresh();
  } catch {
    say(status.dataset.lost, true);
  } finally {
    button.disabled = false;
  }
});

document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
setInterval(() => { if (!document.hidden) refresh(); }, pace);
setInterval(ages, 1000);
refresh();
