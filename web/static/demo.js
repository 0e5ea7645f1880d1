// Plays one user's client as any client of the contract would: long-polls the
// pending set, shows the rows, opens a form once for each revision that asks
// for it, and acknowledges what it did with the next poll.
const who = document.getElementById('who');
const words = who.dataset;
const select = document.getElementById('user');
const status = document.getElementById('status');
const cards = document.getElementById('cards');
const opens = new Set(['open', 'create', 'choose', 'resolve']);
const wait = 25;

let run = 0; // grows when another user is chosen; older loops end then
let abort = new AbortController();
let token = '';
let acks = [];
let seen = new Set();
let openedCount = 0;
const kinds = JSON.parse(words.kinds);

// A name for this running client. randomUUID is only there on secure pages.
const session = 'demo-' + [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, '0')).join('');

function el(tag, text, className) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function safeLink(object) {
  return /^https?:\/\//i.test(object.url || '') ? object.url : '';
}

function objectLine(object) {
  const p = el('p');
  const title = object.title || [object.type, object.name].filter(Boolean).join('.');
  const href = safeLink(object);
  if (href) {
    const a = el('a', title);
    a.href = href;
    a.rel = 'noopener noreferrer';
    a.target = '_blank';
    p.append(a);
  } else {
    p.append(el('b', title));
  }
  if (object.link) p.append(el('br'), el('code', object.link));
  return p;
}

function openForm(row) {
  const body = document.getElementById('form-body');
  body.replaceChildren();
  body.dataset.row = `${row.id}.${row.rev}`;
  body.append(el('h3', row.title || row.kind));
  if (row.phone || row.name) body.append(el('p', `${words.whois}: ${[row.name, row.phone].filter(Boolean).join(', ')}`));
  if (row.client) body.append(objectLine(row.client));
  if (row.object && row.action === 'create') body.append(el('p', words.wizard, 'dim'));
  if (row.object) body.append(objectLine(row.object));
  if (row.action === 'choose') {
    body.append(el('p', words.candidates, 'dim'));
    for (const candidate of row.candidates) body.append(objectLine(candidate));
  }
  const form = document.getElementById('form');
  form.hidden = true;
  void form.offsetWidth; // so that the same panel is seen to open again
  form.hidden = false;
  document.getElementById('no-form').hidden = true;
  openedCount += 1;
  document.getElementById('opened').textContent = openedCount;
}

document.getElementById('close').addEventListener('click', () => {
  document.getElementById('form').hidden = true;
  document.getElementById('no-form').hidden = false;
  document.getElementById('h-panel').focus();
});

// A click acknowledges by itself: the waiting request then ends, because the
// set has changed.
async function acknowledge(row, outcome, button) {
  button.disabled = true;
  try {
    const reply = await fetch(new URL(`/v1/notifications/${row.id}/processed`, location.origin).href, {
      method: 'PUT', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify({ rev: row.rev, outcome }),
    });
    if (!reply.ok && reply.status !== 404 && reply.status !== 409) throw new Error(String(reply.status));
  } catch (error) {
    status.textContent = `${words.failed} ${error.message}`;
    button.disabled = false;
  }
}

const digits = (text) => (text || '').replace(/\D/g, '');

// latency is null for a row that was there before the page looked.
function card(row, latency) {
  const li = el('li', '', 'card');
  li.dataset.key = `${row.id}.${row.rev}`;
  if (row.action === 'none') li.classList.add('closing');
  else if (row.call && row.call.state !== 'ended') li.classList.add('live');
  li.append(el('h3', row.title || row.kind), el('p', row.text));
  if (row.phone && !digits(row.title + row.text).includes(digits(row.phone))) li.append(el('p', row.phone));
  const facts = [kinds[row.kind] || row.kind, `${row.id}.${row.rev}`];
  if (latency !== null) facts.push(`${words.latency} ${latency} ${words.ms}`);
  li.append(el('p', facts.join(' · '), 'dim'));
  if (row.action === 'none') return li; // a closing state leaves by itself
  const bar = el('div', '', 'do');
  if (opens.has(row.action) || row.object) {
    const open = el('button', words.open);
    open.type = 'button';
    open.addEventListener('click', () => { openForm(row); acknowledge(row, 'opened', open); });
    bar.append(open);
  }
  const dismiss = el('button', words.dismiss);
  dismiss.type = 'button';
  dismiss.addEventListener('click', () => acknowledge(row, 'dismissed', dismiss));
  bar.append(dismiss);
  li.append(bar);
  return li;
}

function show(rows, serverTime, first) {
  const have = new Map([...cards.children].map((li) => [li.dataset.key, li]));
  const next = rows.map((row) => have.get(`${row.id}.${row.rev}`) || card(row, first ? null : Math.max(0, Date.parse(serverTime) - Date.parse(row.updated_at))));
  if (next.length !== cards.children.length || next.some((li, i) => li !== cards.children[i])) cards.replaceChildren(...next);
  document.getElementById('no-cards').hidden = rows.length > 0;
  for (const row of rows) {
    const key = `${row.id}.${row.rev}`;
    // One session opens: this one, if the row names it or nobody.
    if (seen.has(key) || !opens.has(row.action) || (row.session !== null && row.session !== session)) continue;
    seen.add(key);
    openForm(row);
    acks.push({ id: row.id, rev: row.rev, outcome: 'opened' });
  }
}

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function ask(body) {
  abort = new AbortController();
  const limit = setTimeout(() => abort.abort('timeout'), (body.wait + 15) * 1000);
  try {
    const reply = await fetch(new URL(words.poll, location.origin).href, {
      method: 'POST', signal: abort.signal, cache: 'no-store',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, 'X-Client': 'zummer-demo/1 (browser)' },
      body: JSON.stringify(body),
    });
    if (!reply.ok) {
      const error = new Error(String(reply.status));
      error.after = Number(reply.headers.get('Retry-After')) * 1000;
      throw error;
    }
    return await reply.json();
  } finally {
    clearTimeout(limit);
  }
}

async function play() {
  const mine = ++run;
  let version = null;
  let failures = 0;
  acks = [];
  seen = new Set();
  cards.replaceChildren();
  status.textContent = words.connecting;
  while (mine === run) {
    const sent = acks.slice();
    try {
      let rows = [];
      let after = null;
      let reply;
      do {
        reply = await ask({ version, session, after, wait: after || sent.length ? 0 : wait, ack: after ? [] : sent });
        if (mine !== run) return;
        if (!after) acks = acks.filter((a) => !sent.includes(a));
        if (after && reply.state === 'reset') rows = [];
        rows = rows.concat(reply.notifications);
        after = reply.next;
      } while (after);
      failures = 0;
      status.textContent = words.connected;
      if (reply.state === 'set' || reply.state === 'reset') {
        const first = version === null;
        version = reply.version;
        show(rows, reply.server_time, first);
      }
      // What this page has acknowledged is no news to it ("unchanged"): it asks
      // again at once for the set without those rows.
      if (sent.length === 0 && acks.length === 0 && reply.poll_after_ms > 0) await sleep(reply.poll_after_ms);
    } catch (error) {
      if (mine !== run) return;
      failures += 1;
      const pause = error.after || Math.min(30000, 500 * 2 ** failures) * (0.5 + Math.random() / 2);
      status.textContent = `${words.again} ${Math.ceil(pause / 1000)} ${words.units.split(' ')[0]}`;
      await sleep(pause);
    }
  }
}

function start() {
  const option = select.selectedOptions[0];
  run += 1;
  abort.abort('switch');
  if (!option) return;
  token = option.dataset.token;
  play();
}

// One call as a PBX tells of it: it rings, is answered, and ends.
async function ringMe(button) {
  const { extension } = select.selectedOptions[0].dataset;
  const call = `page-${Date.now()}`;
  const say = async (event) => {
    const reply = await fetch(new URL(words.hook, location.origin).href, {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ event, call, extension, direction: 'in', phone: '+79031234567' }),
    });
    if (!reply.ok) throw new Error(String(reply.status));
  };
  const label = button.textContent;
  button.disabled = true;
  button.textContent = words.ringing;
  try {
    await say('ringing');
    await sleep(3000);
    await say('answered');
    button.textContent = kinds['call.answered'];
    await sleep(5000);
    await say('ended');
  } catch (error) {
    status.textContent = `${words.failed} ${error.message}`;
  } finally {
    button.textContent = label;
    button.disabled = false;
  }
}

const ring = document.getElementById('ring');
if (ring) ring.addEventListener('click', () => ringMe(ring));

who.addEventListener('submit', (event) => event.preventDefault());
select.addEventListener('change', start);
start();
