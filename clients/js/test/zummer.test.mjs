// The parts of the client that need no browser: node --test clients/js/test
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Done, Picture, backoff, connect, markOf, opens } from '../zummer.js';

const row = (id, rev, more) => ({ id, rev, created_at: 't', action: 'show', session: null, ...more });
const ids = (rows) => rows.map((r) => `${r.id}.${r.rev}`).join();

test('back-off grows to half a minute and is never the same for all', () => {
  const { random } = Math;
  try {
    for (const [n, low, high] of [[1, 500, 1000], [2, 1000, 2000], [3, 2000, 4000], [6, 15000, 30000], [60, 15000, 30000]]) {
      Math.random = () => 0;
      assert.equal(backoff(n), low);
      Math.random = () => 1;
      assert.equal(backoff(n), high);
    }
  } finally { Math.random = random; }
});

test('what opens', () => {
  for (const [action, want] of [['open', true], ['create', true], ['choose', true], ['resolve', true], ['indicate', false], ['show', false], ['call_back', false], ['none', false], ['our-own', false]]) {
    assert.equal(opens({ action }), want, action);
  }
});

test('a mark is of one revision of one database', () => {
  assert.notEqual(markOf(row('1', 1)), markOf(row('1', 2)));
  assert.notEqual(markOf(row('1', 1)), markOf(row('1', 1, { created_at: 'later' })));
});

test('done keeps the last 500 and the first outcome', () => {
  const done = new Done();
  for (let i = 0; i < 600; i += 1) done.add([[`${i}`, { outcome: 'opened' }]]);
  done.add([['599', { outcome: 'dismissed', detail: 'late' }]]);
  assert.equal(done.size, 500);
  assert.equal(done.has('99'), false);
  assert.deepEqual(done.get('599'), { outcome: 'opened' });
  assert.deepEqual(new Done().size, 0);
});

const set = (state, version, next, ...rows) => ({ state, version, next, notifications: rows, acks: [] });
for (const [name, answers, want, version] of [
  ['a set replaces', [set('reset', 'a', null, row('1', 1)), set('set', 'b', null, row('2', 1))], '2.1', 'b'],
  ['an empty set empties', [set('reset', 'a', null, row('1', 1)), set('set', 'b', null)], '', 'b'],
  ['unchanged leaves it', [set('reset', 'a', null, row('1', 1)), set('unchanged', 'a', null)], '1.1', 'a'],
  ['superseded leaves it', [set('reset', 'a', null, row('1', 1)), set('superseded', null, null)], '1.1', 'a'],
  ['an unknown state leaves it', [set('reset', 'a', null, row('1', 1)), set('our-own', 'b', null, row('2', 1))], '1.1', 'a'],
  ['half a set leaves it', [set('reset', 'a', null, row('1', 1)), set('set', null, 'c', row('2', 1))], '1.1', 'a'],
  ['pages make a set', [set('reset', null, 'c', row('1', 1)), set('set', null, 'd', row('2', 1)), set('set', 'b', null, row('3', 1))], '1.1,2.1,3.1', 'b'],
  ['a set that moved begins anew', [set('reset', null, 'c', row('1', 1)), set('reset', null, 'd', row('5', 1)), set('set', 'b', null, row('6', 1))], '5.1,6.1', 'b'],
]) {
  test(`picture: ${name}`, () => {
    const p = new Picture();
    for (const a of answers) p.take(a);
    assert.equal(ids(p.rows), want);
    assert.equal(p.version, version);
  });
}

for (const [result, version] of [['processed', 'b'], ['already', 'b'], ['stale_rev', 'a'], ['not_found', 'a']]) {
  test(`picture: an acknowledged revision goes, ${result}`, () => {
    const p = new Picture();
    p.take(set('reset', 'a', null, row('1', 1), row('2', 3)));
    assert.equal(p.take({ ...set('unchanged', 'b', null), acks: [{ id: '1', rev: 1, result }] }), true);
    assert.equal(ids(p.rows), '2.3');
    assert.equal(p.version, version);
  });
}

// The clock of these tests goes on only when nothing else is left to do, to the
// next timer at once: how fast the machine is changes nothing.
const { clearInterval, clearTimeout, fetch, setInterval, setTimeout } = globalThis;
const real = { clearInterval, clearTimeout, fetch, setInterval, setTimeout };
const { now: realNow } = Date;
const turn = () => new Promise((done) => { setImmediate(done); }); // all that can go on without a timer has
let timers;
let time;
beforeEach(() => {
  timers = new Map();
  time = Date.UTC(2026, 10, 27);
  Date.now = () => time;
  let last = 0;
  const arm = (f, ms, again) => {
    last += 1;
    timers.set(last, { f, at: time + Math.max(ms || 0, 1), again: again && Math.max(ms || 0, 1) });
    return last;
  };
  globalThis.setTimeout = (f, ms) => arm(f, ms);
  globalThis.setInterval = (f, ms) => arm(f, ms, true);
  globalThis.clearTimeout = (id) => { timers.delete(id); };
  globalThis.clearInterval = globalThis.clearTimeout;
});
// Lets the next timer fire, if it does by then.
const fire = (end) => {
  const next = [...timers].sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
  if (!next || next[1].at > end) {
    time = end;
    return false;
  }
  const [id, t] = next;
  time = t.at;
  if (t.again) t.at += t.again;
  else timers.delete(id);
  t.f();
  return true;
};
const until = async (what, ok, ms = 8000) => {
  for (const end = time + ms; ;) {
    await turn();
    if (ok()) return;
    if (!fire(end)) break;
  }
  assert.fail(`no ${what}`);
};
const pass = async (ms) => {
  const end = time + ms;
  do await turn(); while (fire(end));
};

// A service of the answers given; each is an object, or a function of the request.
let client;
afterEach(() => {
  client?.close();
  Object.assign(globalThis, real);
  Date.now = realNow;
});
function serve(...answers) {
  const seen = [];
  globalThis.fetch = (url, init) => new Promise((done, fail) => {
    const asked = { url, token: init.headers.Authorization, redirect: init.redirect, at: Date.now(), ...JSON.parse(init.body) };
    seen.push(asked);
    init.signal?.addEventListener('abort', () => fail(init.signal.reason));
    let a = answers.shift();
    if (typeof a === 'function') a = a(asked);
    if (!a) return; // waits until it is aborted
    const { status = 200, headers = {}, ...body } = a;
    const text = JSON.stringify(body);
    if (status === 0) fail(new TypeError('fetch failed'));
    else done({ ok: status < 300, status, headers: new Headers(headers), json: async () => JSON.parse(text) });
  });
  return seen;
}
const mine = (a) => ({ ...set('reset', 'v1', null, row('7', 2, { action: 'open', session: a.session })), poll_after_ms: 0 });
const memory = () => {
  const m = new Map();
  return { getItem: (k) => m.get(k) ?? null, setItem: (k, v) => m.set(k, v) };
};
const start = (more) => { client = connect({ url: 'http://z/', user: 'ivanov', token: 't', ...more }); return client; };

test('a row of ours opens once and is acknowledged by the next poll', async () => {
  const opened = [];
  const seen = serve(mine, mine);
  start({ open: (r) => { opened.push(r.id); } });
  await until('third poll', () => seen.length === 3);
  assert.deepEqual(opened, ['7']);
  assert.deepEqual(seen[1].ack, [{ id: '7', rev: 2, outcome: 'opened' }]);
  assert.deepEqual(seen[2].ack, seen[1].ack, 'while no answer takes it, it is sent again');
  assert.equal(seen[0].url, 'http://z/v1/notifications/poll');
  assert.equal(seen.some((s) => s.url.includes('Bearer') || s.url.includes('?')), false);
  assert.equal(seen.every((s) => s.redirect === 'error'), true, 'the token goes nowhere else');
});

test('rows of another session, and of none, are shown and not opened', async () => {
  const opened = [];
  const shown = [];
  serve(() => ({ ...set('reset', 'v1', null, row('7', 2, { action: 'open', session: 'other' }), row('8', 1, { action: 'create' })), poll_after_ms: 0 }));
  start({ open: (r) => { opened.push(r.id); }, rows: (rows) => shown.push(ids(rows)) });
  await until('the rows', () => shown.includes('7.2,8.1'));
  assert.deepEqual(opened, []);
});

test('a form that fails says so, one that is busy passes on', async () => {
  for (const [open, ack] of [
    [() => { throw new Error('no such object'); }, { id: '7', rev: 2, outcome: 'failed', detail: 'no such object' }],
    [() => { throw new Error('x'.repeat(9000)); }, { id: '7', rev: 2, outcome: 'failed', detail: 'x'.repeat(200) }],
    [() => Promise.reject(), { id: '7', rev: 2, outcome: 'failed' }],
    // What the service would refuse would hold up every later poll too.
    [() => true, { id: '7', rev: 2, outcome: 'opened' }],
    [() => () => 'a window', { id: '7', rev: 2, outcome: 'opened' }],
    [async () => 'busy', { id: '7', rev: 2, outcome: 'busy' }],
    [async () => 'dismissed', { id: '7', rev: 2, outcome: 'dismissed' }],
  ]) {
    const seen = serve(mine);
    start({ open });
    await until('second poll', () => seen.length === 2);
    assert.deepEqual(seen[1].ack, [ack]);
    client.close();
  }
});

test('what was opened stays opened over a reload', async () => {
  const storage = memory();
  const opened = [];
  let seen = serve(mine);
  start({ storage, open: (r) => { opened.push(r.id); } });
  await until('second poll', () => seen.length === 2);
  client.close();
  seen = serve(mine);
  start({ storage, open: (r) => { opened.push(r.id); } });
  await until('the acknowledgement sent anew', () => seen.length === 2);
  assert.deepEqual(opened, ['7']);
  assert.deepEqual(seen[1].ack, [{ id: '7', rev: 2, outcome: 'opened' }]);
});

test('a token that has run out is renewed at once, a refused one after a pause', async () => {
  const asked = [];
  const states = [];
  const no = { status: 401, code: 'unauthorized' };
  const seen = serve(no, no, { ...set('reset', 'v1', null), poll_after_ms: 0 });
  start({ token: (fresh) => { asked.push(fresh); return `t${asked.length}`; }, status: (s) => states.push(s.state) });
  await until('fourth poll', () => seen.length === 4);
  assert.deepEqual(asked, [false, true, true]);
  assert.deepEqual(seen.map((s) => s.token), ['Bearer t1', 'Bearer t2', 'Bearer t3', 'Bearer t3']);
  const [first, second, third] = seen.map((s) => s.at);
  assert.ok(second === first && third - second >= 1000 && third - second <= 2000, 'pace of the renewals');
  assert.ok(states.includes('refused') && states.at(-1) === 'online');
});

test('the pace is obeyed', async () => {
  for (const [answer, from, to] of [
    [{ ...set('reset', 'v1', null), poll_after_ms: 700 }, 700, 700],
    [{ status: 503, headers: { 'Retry-After': '1' } }, 1000, 1000],
    [{ status: 429, headers: { 'Retry-After': '2' } }, 2000, 2000],
    [{ ...set('superseded', null, null), poll_after_ms: 2000 }, 2000, 2000],
    [{ status: 503, headers: { 'Retry-After': new Date(Date.now() + 60000).toUTCString() } }, 30000, 60000],
    [{ status: 503, headers: { 'Retry-After': '3000000' } }, 600000, 600000], // more than a timer can hold
    [{ ok: true }, 500, 1000], // JSON of somebody else
    [{ status: 0 }, 500, 1000],
    [{ status: 500 }, 500, 1000],
  ]) {
    const seen = serve(answer);
    start();
    await until('second poll', () => seen.length === 2, 700000);
    const took = seen[1].at - seen[0].at;
    assert.ok(took >= from && took <= to, `${JSON.stringify(answer)}: ${took} ms`);
    client.close();
  }
});

test('an acknowledgement ends the poll that waits, three times in eleven seconds at most: the service takes three in ten', async () => {
  const cards = Array.from({ length: 9 }, (_, i) => row(`${i}`, 1));
  const seen = serve({ ...set('reset', 'v1', null, ...cards), poll_after_ms: 0 });
  const c = start();
  await until('the poll that waits', () => seen.length === 2);
  for (let i = 0; i < 3; i += 1) {
    c.ack(cards[2 * i], 'dismissed');
    c.ack(cards[2 * i + 1], 'dismissed');
    assert.equal(c.rows.length, 7 - 2 * i, 'hidden at once');
    await until('the acknowledgements', () => seen.length === 3 + i);
    assert.equal(seen.at(-1).ack.length, 2 * i + 2);
  }
  assert.equal(seen[4].at, seen[1].at);
  c.ack(cards[6], 'dismissed');
  c.ack(cards[7], 'dismissed');
  await until('the rest', () => seen.length === 6, 12000);
  assert.equal(seen[5].at - seen[2].at, 11000, 'a fourth time has to wait');
  assert.equal(seen[5].ack.length, 8);
});

test('more acknowledgements than a request holds go with the next ones', async () => {
  const cards = Array.from({ length: 120 }, (_, i) => row(`${i}`, 1));
  const taken = (a) => ({ ...set('unchanged', 'v1', null), poll_after_ms: 0, acks: a.ack.map((k) => ({ ...k, result: 'processed' })) });
  const seen = serve({ ...set('reset', 'v1', null, ...cards), poll_after_ms: 0 }, null, taken, taken);
  const c = start();
  await until('the poll that waits', () => seen.length === 2);
  for (const r of cards) c.ack(r, 'dismissed', 'x'.repeat(5000));
  await until('all of them', () => seen.length === 5);
  assert.deepEqual(seen.slice(2).map((s) => [s.ack.length, s.wait]), [[50, 0], [50, 0], [20, 25]]);
  assert.equal(new Set(seen.slice(2).flatMap((s) => s.ack.map((k) => k.id))).size, 120);
  assert.ok(JSON.stringify(seen[2]).length < 60000, 'the service takes 64 KiB');
});

test('a service that answers at once without news is not asked again and again', async () => {
  for (const [answer, most] of [
    [{ ...set('unchanged', 'v1', null), poll_after_ms: 0 }, 4],
    [set('unchanged', 'v1', null), 4],
    [{ ...set('reset', 'v1', null), poll_after_ms: 0 }, 24],
    [{ ...set('set', null, 'more', row('1', 1)), poll_after_ms: 0 }, 24], // pages without end
  ]) {
    const seen = serve(...Array.from({ length: 1000 }, () => answer));
    start();
    await pass(2500);
    assert.ok(seen.length <= most, `${seen.length} polls in 2.5 s of ${JSON.stringify(answer)}`);
    client.close();
  }
});

test('a page whose drawing fails still opens forms', async (t) => {
  const opened = [];
  const complaints = t.mock.method(console, 'error', () => {});
  serve(mine);
  start({ open: (r) => { opened.push(r.id); }, rows: () => { throw new Error('no list'); }, status: () => { throw new Error('no light'); } });
  await until('the form', () => opened.length === 1);
  assert.ok(complaints.mock.callCount() > 0, 'and its author is told');
});

test('what is opened while one leaves is remembered', async () => {
  const storage = memory();
  const opened = [];
  let release;
  serve(mine);
  start({ storage, open: (r) => { opened.push(r.id); return new Promise((done) => { release = done; }); } });
  await until('the form that is opening', () => opened.length === 1);
  client.close();
  release();
  await pass(50);
  const seen = serve(mine);
  start({ storage, open: (r) => { opened.push(r.id); } });
  await until('the acknowledgement', () => seen.length === 2);
  assert.deepEqual(opened, ['7']);
  assert.deepEqual(seen[1].ack, [{ id: '7', rev: 2, outcome: 'opened' }]);
});

for (const kept of ['{', 'null', '{"settled":5}', '{"session":"s","settled":[5]}', '{"settled":{}}']) {
  test(`a memory that somebody spoiled does no harm: ${kept}`, async () => {
    const seen = serve(mine);
    start({ storage: { getItem: () => kept, setItem() { throw new Error('full'); } }, open: () => {} });
    await until('the acknowledgement', () => seen.length === 2);
    assert.equal(seen[1].ack.length, 1);
  });
}

test('a page that comes back knows what was opened without it', async () => {
  const on = {};
  globalThis.addEventListener = (type, f) => { on[type] = f; };
  try {
    const storage = memory();
    const opened = [];
    const seen = serve(mine, mine, mine, mine);
    const c = start({ storage, open: (r) => { opened.push(r.id); } });
    c.busy = true;
    await until('the row', () => c.rows.length === 1);
    on.pagehide();
    storage.setItem(c.key, JSON.stringify({ session: c.session, settled: [[markOf(c.rows[0]), { outcome: 'opened' }]] })); // another tab
    c.busy = false;
    on.pageshow({ persisted: true });
    await until('the acknowledgement', () => seen.at(-1).ack?.length === 1);
    assert.deepEqual(opened, []);
  } finally { delete globalThis.addEventListener; }
});

test('a client that is closed says nothing more', async () => {
  const told = [];
  serve(mine);
  start({ rows: () => told.push('rows'), status: (s) => told.push(s.state) });
  await until('online', () => told.includes('online'));
  told.length = 0;
  client.close();
  client.close();
  client.wake();
  await pass(100);
  assert.deepEqual(told, []);
});

test('a client that cannot open says that it is busy', async () => {
  const seen = serve({ ...set('reset', 'v1', null), poll_after_ms: 0 });
  const c = start({ open: () => {} });
  await until('the poll that waits', () => seen.length === 2);
  c.busy = true;
  await until('the poll that says so', () => seen.length === 3);
  assert.deepEqual(seen.map((s) => s.busy), [0, 0, 1]);
});

test('a poll that hangs is given up after its time', async () => {
  const seen = serve(null);
  start({ wait: 1, grace: 0 });
  await until('the next poll', () => seen.length === 2);
});

test('a clock that is set back does not keep a poll that hangs', async () => {
  const seen = serve(null);
  start({ wait: 1, grace: 0 });
  await until('the poll', () => seen.length === 1);
  const { now } = Date;
  Date.now = () => now() - 3600000;
  try {
    await until('the next poll', () => seen.length === 2);
  } finally { Date.now = now; }
});

test('a computer that slept asks at once, also where the line stayed silent', async () => {
  const seen = serve({ ...set('reset', 'v1', null), poll_after_ms: 0 }, null);
  start();
  await until('the poll that waits', () => seen.length === 2);
  const { now } = Date;
  Date.now = () => now() + 3600000;
  try {
    await until('the next poll', () => seen.length === 3, 3000);
  } finally { Date.now = now; }
});

test('what was ours before the line broke is not opened until the service has answered', async () => {
  const opened = [];
  const seen = serve(mine, { status: 0 }, (a) => ({ ...set('set', 'v2', null, row('7', 3, { action: 'open', session: 'other' }), row('8', 1, { action: 'open', session: a.session })), poll_after_ms: 0 }));
  const c = start({ open: (r) => { opened.push(r.id); } });
  c.busy = true;
  await until('the line that breaks', () => c.status.state === 'offline');
  c.busy = false;
  await until('the answer', () => seen.length >= 3 && opened.length);
  assert.deepEqual(opened, ['8']);
});

test('another client under our name makes us take a new one', async () => {
  const twin = { ...set('superseded', null, null), poll_after_ms: 1 };
  const seen = serve(twin, twin, twin);
  start();
  await until('fourth poll', () => seen.length === 4);
  assert.equal(seen[2].session, seen[0].session);
  assert.notEqual(seen[3].session, seen[0].session);
});

test('a worker that waits for its turn is silent: who polls may be dead', async () => {
  const given = ['SharedWorkerGlobalScope', 'name', 'navigator', 'BroadcastChannel', 'onconnect'].map((k) => [k, Object.getOwnPropertyDescriptor(globalThis, k)]);
  const said = [];
  let turns;
  const set = (k, value) => Object.defineProperty(globalThis, k, { value, configurable: true, writable: true });
  try {
    set('SharedWorkerGlobalScope', class {});
    set('name', 'zummer:k');
    set('navigator', { locks: { query: async () => ({ held: [], pending: [] }), request: (name, o, f) => new Promise((done) => { turns = () => f().then(done); }) } });
    set('BroadcastChannel', class { postMessage(m) { said.push(m.t); } });
    set('onconnect', null);
    serve();
    await import('../zummer.js?worker');
    const port = {};
    globalThis.onconnect({ ports: [port] });
    port.onmessage({ data: { key: 'k', url: 'http://z', wait: 25, grace: 15, done: [], locks: true } });
    await pass(60000);
    assert.deepEqual(said, []);
    turns();
    await pass(60000);
    assert.equal(said.filter((t) => t === 'beat').length, 12);
  } finally {
    for (const [k, d] of given) {
      if (d) Object.defineProperty(globalThis, k, d);
      else delete globalThis[k];
    }
  }
});

test('it does not start without a user or a token', () => {
  assert.throws(() => connect({ token: 't' }), /user/);
  assert.throws(() => connect({ user: 'u' }), /token/);
});
