// Zummer for browsers: docs/clients/js.md

const unique = () => crypto.getRandomValues(new Uint32Array(3)).join('-');
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
// What f is told, or nothing after so long.
const within = (ms, f) => new Promise((done) => {
  const timer = setTimeout(done, ms);
  f((value) => { clearTimeout(timer); done(value); });
});
const call = (f, ...args) => { try { f?.(...args); } catch (error) { console.error(error); } };

export const opens = (row) => ['open', 'create', 'choose', 'resolve'].includes(row.action);

// A revision's name for ever: ids begin anew in a new database.
export const markOf = (row) => `${row.id}.${row.rev}@${row.created_at}`;

export const backoff = (n) => Math.min(30000, 500 * 2 ** n) * (0.5 + Math.random() / 2);

// What became of revisions, the last 500: mark → {outcome, detail}.
export class Done extends Map {
  add(list) {
    for (const [mark, how] of list) if (!this.has(mark)) this.set(mark, how);
    for (const mark of this.keys()) if (this.size > 500) this.delete(mark);
  }
}

// The pending set: only a complete one replaces it.
export class Picture {
  rows = [];

  version = null;

  next = null; // page to ask for

  // True when the rows changed.
  take({ state, version, next, notifications, acks = [] }) {
    const before = this.rows.length;
    this.rows = this.rows.filter((r) => !acks.some((a) => a.id === r.id && a.rev === r.rev));
    let changed = this.rows.length < before;
    if (state === 'set' || state === 'reset') {
      if (!this.next || state === 'reset') this.part = [];
      this.part.push(...notifications);
      this.next = next;
      if (!next) {
        this.rows = this.part;
        this.version = version;
        changed = true;
      }
    } else {
      this.next = null;
      // Ours, but for what we have settled ourselves.
      if (state === 'unchanged' && acks.every((a) => ['processed', 'already'].includes(a.result))) this.version = version;
    }
    return changed;
  }
}

const retry = (v) => Math.min(v * 1000 || Date.parse(v) - Date.now(), 6e5);

async function request(o, token, method, path, body, signal) {
  const reply = await fetch(o.url + path, {
    method, signal, cache: 'no-store', credentials: 'omit', redirect: 'error', body: body && JSON.stringify(body),
    headers: { Authorization: `Bearer ${token}`, 'X-Client': o.client, 'Content-Type': 'application/json' },
  });
  const answer = await reply.json().catch(() => null);
  if (reply.ok && (answer || reply.status === 204)) return answer;
  throw Object.assign(new Error(answer?.detail || `HTTP ${reply.status}`), { status: reply.status, code: answer?.code, after: retry(reply.headers.get('Retry-After')) });
}

// Between the tabs and the engine, oneself included.
class Bus {
  ears = new Set();

  constructor(name) {
    if (!name) return;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (e) => this.hear(e.data);
  }

  hear(m) { for (const ear of this.ears) ear(m); }

  post(m) {
    this.channel?.postMessage(m);
    this.hear(m);
  }
}

// Polls for all tabs of a browser.
class Engine {
  tabs = new Map(); // id → what it said last

  picture = new Picture();

  status = { state: 'connecting' };

  cuts = []; // when

  constructor(bus, o) {
    Object.assign(this, { bus, o, session: o.session, ear: (m) => this.hear(m) });
    bus.ears.add(this.ear);
  }

  hear(m) {
    if (m.tab) {
      this.tabs.set(m.tab, m);
      if (m.t === 'bye') this.tabs.delete(m.tab);
      this.idle = !this.tabs.size;
      if (this.idle) this.ctl?.abort(); // nobody is left
      this.tell();
    }
    if (m.t === 'token') this.given?.(m.token);
    if (['hello', 'wake', 'now'].includes(m.t) && !this.firm) this.proceed?.();
    if (m.done || m.t === 'now' || this.asked !== this.busy()) this.cut();
  }

  busy() { return this.tabs.size > 0 && [...this.tabs.values()].every((m) => m.busy); }

  // Ends the poll that waits, so that the next one says what is new. The service
  // refuses a fourth in ten seconds.
  cut() {
    this.news?.();
    if (!this.ctl || this.ctl.signal.aborted || this.later) return;
    const now = Date.now();
    this.cuts = this.cuts.filter((at) => at > now - 11000);
    if (this.cuts.length > 2) {
      this.later = setTimeout(() => { this.later = 0; this.cut(); }, this.cuts[0] + 11000 - now);
    } else {
      this.cuts.push(now);
      this.ctl.abort();
    }
  }

  tell(status = this.status) {
    this.status = status;
    // The tab that was looked at last goes first.
    const [best] = [...this.tabs.values()].sort((a, b) => b.seen - a.seen);
    this.bus.post({ t: 'state', rows: this.picture.rows, session: this.session, best: best?.tab, status: { ...status, by: this.o.by } });
  }

  stop() {
    this.stopped = true;
    this.bus.ears.delete(this.ear);
    this.ctl?.abort();
    this.proceed?.();
    this.given?.();
  }

  async ask(wait) {
    const { o, picture: p } = this;
    if (!this.token) {
      this.token = await within(15000, (done) => {
        this.given = done;
        this.bus.post({ t: 'need', fresh: this.refused });
      });
      if (!this.token) throw Object.assign(new Error('no token'), { status: 401 });
    }
    if (o.locks) {
      const { held, pending } = await locks.query();
      for (const id of this.tabs.keys()) if (![...held, ...pending].some((l) => l.name === `${o.key}:${id}`)) this.tabs.delete(id);
    }
    clearTimeout(this.later);
    this.later = 0;
    this.asked = this.busy();
    const owed = p.rows.filter((r) => o.done.has(markOf(r))).map((r) => ({ id: r.id, rev: r.rev, ...o.done.get(markOf(r)) }));
    const ctl = new AbortController();
    this.ctl = ctl;
    // Timers stand still while a computer sleeps.
    const end = Date.now() + (o.wait + o.grace) * 1000;
    let left = o.wait + o.grace;
    const watch = setInterval(() => { if (Date.now() > end || (left -= 1) < 0) ctl.abort(end); }, 1000);
    try {
      return await request(o, this.token, 'POST', '/v1/notifications/poll', {
        version: p.version, session: this.session, app: o.app, busy: +this.asked, after: p.next, ack: p.next ? [] : owed.slice(0, 50), wait: p.next || owed.length > 50 ? 0 : wait,
      }, ctl.signal);
    } catch (error) {
      if (ctl.signal.aborted && ctl.signal.reason !== end) return null; // cut
      throw error;
    } finally {
      clearInterval(watch);
      this.ctl = null;
    }
  }

  async run() {
    let failures = 0;
    let twins = 0; // answers that say that another client has our name
    let hasty = 0; // answers that came at once
    this.bus.post({ t: 'who' });
    if (this.bus.channel) await sleep(200); // answers
    while (!this.stopped) {
      let pause = this.idle ? 1e9 : 0;
      if (this.idle) this.firm = false;
      else try {
        const begun = Date.now();
        const answer = await this.ask(failures ? Math.min(1, this.o.wait) : this.o.wait); // is it back?
        if (this.stopped) return;
        if (answer) {
          if (!answer.state) throw new Error('no Zummer');
          this.refused = false;
          this.firm = true;
          failures = 0;
          twins = answer.state === 'superseded' ? twins + 1 : 0;
          const changed = this.picture.take(answer);
          if (!this.picture.next) {
            pause = answer.poll_after_ms;
            this.tell({ state: 'online', at: Date.now(), serverTime: answer.server_time });
          }
          hasty = Date.now() - begun < 1000 ? hasty + 1 : 0;
          if (hasty > 20 || (hasty && answer.state === 'unchanged')) pause = Math.max(pause || 0, 1000);
          // What a tab opens now is acknowledged by the next poll already.
          if (changed && this.picture.rows.some((r) => opens(r) && r.session === this.session && !this.o.done.has(markOf(r)))) {
            await within(300, (done) => { this.news = done; });
          }
        }
      } catch ({ status, code, after, message }) {
        if (this.stopped) return;
        this.picture.next = null;
        failures += 1;
        if (code === 'session_conflict') twins += 1;
        this.firm = after > 0;
        pause = Math.max(after || 0, backoff(failures));
        if (status === 401) {
          if (this.token && !this.refused) pause = 0; // it has run out: a fresh one, at once
          this.refused = true;
          this.token = null;
        }
        if (pause) this.tell({ state: [401, 403, 404].includes(status) ? 'refused' : 'offline', code: code || status, message, retryAt: Date.now() + pause });
      }
      if (twins > 2) { // a copied profile: a name of our own
        twins = 0;
        this.session = `js-${unique()}`;
      }
      if (pause && !this.stopped) await within(pause, (done) => { this.proceed = done; });
    }
  }
}

const locks = globalThis.navigator?.locks;

// Runs the engine while it has its lock.
async function lead(bus, o, how) {
  const run = () => {
    bus.engine = new Engine(bus, o());
    return bus.engine.run();
  };
  await (o().locks ? locks.request(o().key, how, run) : run()).catch(() => {});
  bus.engine?.stop();
  bus.engine = null;
}

class Client {
  rows = [];

  status = { state: 'connecting' };

  #all = []; // what the engine last told, settled rows included

  #done = new Done();

  #opening = new Map(); // mark → aborted when the row has gone

  #frozen = new AbortController();

  #off = new AbortController();

  #busy = false;

  constructor(options) {
    if (!options.token || !options.user) throw new TypeError('zummer: no token or user');
    const o = { wait: 25, grace: 15, client: 'zummer-js/1', share: true, url: globalThis.location?.origin, ...options };
    this.o = o;
    o.url = o.url.replace(/\/+$/, '');
    this.token = typeof o.token === 'function' ? o.token : () => o.token;
    this.id = unique();
    this.shared = !!(o.share && globalThis.document && globalThis.BroadcastChannel);
    this.key = `zummer:${o.url}:${o.user}:${o.app || ''}`;
    const kept = this.#load();
    this.session = o.session || (this.shared && kept) || `js-${unique()}`;
    this.bus = new Bus(this.shared && this.key);
    this.bus.ears.add((m) => this.#hear(m));
    this.#listen();
    if (this.shared) this.#hire();
    else this.#lead();
  }

  // Starts the worker; one that is there answers.
  #hire() {
    this.#live();
    try {
      if (this.o.worker === false) throw 0;
      const w = new SharedWorker(this.o.worker || import.meta.url, { type: 'module', name: this.key });
      w.onerror = () => this.#orphan();
      w.port.postMessage(this.#config('worker'));
      setTimeout(() => this.#orphan(), 3000);
    } catch { this.#orphan(); }
  }

  // No worker answers: a tab polls for all, without locks each for itself.
  #orphan() {
    if (this.heard || this.closed) return;
    if (!locks) {
      this.bus.channel?.close();
      this.bus.channel = null;
      this.shared = false;
      this.session = `js-${unique()}`;
    }
    this.#lead();
  }

  #config(by) {
    const { url, app, wait, grace, client } = this.o;
    return { url, app, wait, grace, client, by, key: this.key, locks: this.shared && !!locks, session: this.session, done: this.#done };
  }

  #lead(how = { signal: this.#frozen.signal }) {
    if (this.leading || this.closed || (this.shared && !locks)) return;
    this.leading = true;
    lead(this.bus, () => this.#config(this.shared ? 'tab' : 'alone'), how).then(() => {
      this.leading = false;
      if (!this.#frozen.signal.aborted) setTimeout(() => this.#lead(), 1000); // behind who stole it
    });
  }

  #say(t) { this.bus.post({ t, tab: this.id, busy: this.#busy || !this.o.open, seen: this.seen || 0 }); }

  // The tab's own lock tells the engine that it lives.
  #live() {
    const { signal } = this.#frozen;
    locks?.request(`${this.key}:${this.id}`, { signal }, () => new Promise((done) => { signal.onabort = done; })).catch(() => {});
    this.#say('hello');
  }

  #sleep() {
    this.#frozen.abort();
    this.#say('bye');
    this.bus.engine?.stop();
    for (const ctl of this.#opening.values()) ctl.abort();
  }

  #listen() {
    const { signal } = this.#off;
    const on = (target, type, f) => target?.addEventListener?.(type, f, { signal });
    const seen = () => {
      if (globalThis.document?.hidden) return;
      this.seen = Date.now();
      this.#say('wake');
    };
    const thaw = () => {
      // What we know may be settled meanwhile.
      this.#load();
      this.status = { state: 'connecting' };
      if (this.#frozen.signal.aborted) {
        this.#frozen = new AbortController();
        this.#live();
        this.#lead();
      }
      this.wake();
    };
    on(globalThis, 'online', () => this.wake());
    on(globalThis, 'focus', seen);
    on(globalThis, 'pageshow', (e) => e.persisted && thaw());
    on(globalThis, 'pagehide', () => this.#sleep());
    on(globalThis.document, 'visibilitychange', seen);
    on(globalThis.document, 'freeze', () => this.#sleep());
    on(globalThis.document, 'resume', thaw);
    seen();
    let tick = Date.now();
    this.timer = setInterval(() => {
      const now = Date.now();
      if (locks && now - tick > 20000) this.heard = now; // we slept ourselves
      tick = now;
      // Who polls is silent: another one does.
      if (!this.shared || this.bus.engine || !this.heard || now - this.heard < (locks ? this.o.wait + this.o.grace + 45 : 10) * 1000) return;
      this.heard = 0;
      this.leading = false;
      if (locks) this.#lead({ steal: true });
      else this.#hire();
    }, 5000);
  }

  #hear(m) {
    if (m.t === 'who') this.#say('hello');
    if (m.t === 'beat') this.heard = Date.now();
    if (m.t === 'token') this.given = m;
    if (m.t === 'need') this.#give(m.fresh);
    if (m.done) {
      this.#done.add(m.done);
      this.#save();
      this.#show();
    }
    if (m.t === 'state' && !this.#frozen.signal.aborted) {
      this.heard = Math.max(Date.now(), m.status.retryAt || 0);
      if (this.session !== m.session) {
        this.session = m.session;
        this.#save();
      }
      this.#all = m.rows;
      this.best = m.best;
      this.status = m.status;
      this.#lead(); // in the queue
      this.#show();
      call(this.o.status, m.status);
      if (!m.best) this.#say('hello'); // we are not counted
    }
    this.#consider();
  }

  async #give(fresh) {
    this.given = null;
    if (this.best && this.best !== this.id) await sleep(1000);
    if (this.given) return;
    try { this.bus.post({ t: 'token', token: await this.token(!!fresh) }); } catch { /* next time */ }
  }

  #load() {
    try {
      this.store = this.o.storage === undefined ? localStorage : this.o.storage;
      const { session, settled } = JSON.parse(this.store.getItem(this.key));
      this.#done.add(settled);
      return session;
    } catch { /* none */ }
  }

  #save() {
    try { this.store.setItem(this.key, JSON.stringify({ session: this.session, settled: [...this.#done] })); } catch { /* full */ }
  }

  #show() {
    this.rows = this.#all.filter((r) => !this.#done.has(markOf(r)));
    const shown = JSON.stringify(this.rows);
    if (shown === this.shown || this.closed) return;
    this.shown = shown;
    call(this.o.rows, this.rows, this.session);
  }

  #consider() {
    for (const [mark, ctl] of this.#opening) if (!this.#all.some((r) => markOf(r) === mark)) ctl.abort();
    if (!(Date.now() - this.status.at < 50000) || this.#busy || !this.o.open || this.#frozen.signal.aborted || (this.shared && !locks && this.best !== this.id)) return;
    for (const r of this.rows) if (opens(r) && r.session === this.session && !this.#opening.has(markOf(r))) this.#contend(r, markOf(r));
  }

  async #contend(row, mark) {
    const ctl = new AbortController();
    const { signal } = ctl;
    const left = new Promise((done) => { signal.onabort = done; });
    this.#opening.set(mark, ctl);
    const open = async () => {
      if (this.#busy || signal.aborted || this.#done.has(mark)) return;
      try {
        this.ack(row, await this.o.open(row));
      } catch (error) {
        this.ack(row, 'failed', error?.message || error);
      }
      await left; // nobody else gets it while it is pending
    };
    try {
      if (this.shared && this.best !== this.id) await sleep(1000);
      await (this.shared && locks ? locks.request(`${this.key}:${mark}`, { signal }, open) : open());
    } catch { /* settled elsewhere */ }
    this.#opening.delete(mark);
  }

  ack(row, outcome, detail) {
    this.bus.post({ done: [[markOf(row), { outcome: ['dismissed', 'failed', 'busy'].includes(outcome) ? outcome : 'opened', detail: detail && `${detail}`.slice(0, 200) }]] });
  }

  async api(method, path, body) {
    try {
      return await request(this.o, await this.token(false), method, path, body);
    } catch (error) {
      if (error.status !== 401) throw error;
      return request(this.o, await this.token(true), method, path, body);
    }
  }

  claim(row, what = 'claim') { return this.api('POST', `/v1/notifications/${row.id}/${what}`, { session: this.session, rev: row.rev }); }

  release(row) { return this.claim(row, 'release'); }

  me(change) { return this.api(change ? 'PATCH' : 'GET', '/v1/me', change); }

  get busy() { return this.#busy; }

  set busy(yes) {
    this.#busy = !!yes;
    this.#say('busy');
  }

  wake() { this.#say('now'); }

  close() {
    this.closed = true;
    this.#off.abort();
    clearInterval(this.timer);
    this.#sleep();
    this.bus.channel?.close();
    this.bus.channel = null;
  }
}

export const connect = (options) => new Client(options);

// The same file as a SharedWorker: the engine alone.
if (globalThis.SharedWorkerGlobalScope && globalThis.name.startsWith('zummer:')) {
  let config;
  globalThis.onconnect = (e) => {
    e.ports[0].onmessage = async ({ data }) => {
      if (config) return;
      config = { ...data, done: new Done(data.done) };
      const bus = new Bus(data.key);
      setInterval(() => bus.engine?.bus.post({ t: 'beat' }), 5000);
      bus.ears.add((m) => {
        if (m.done) config.done.add(m.done);
        if (m.session) config.session = m.session;
      });
      for (;;) {
        await lead(bus, () => config, {});
        await sleep(1000);
      }
    };
  };
}
