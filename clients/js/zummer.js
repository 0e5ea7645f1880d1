// Zummer for browsers; see docs/clients/js.md.

const OPENS = ['open', 'create', 'choose', 'resolve'];
const hex = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, '0')).join('');
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

export const opens = (row) => OPENS.includes(row.action);

// A revision's name for ever: ids begin anew in a new database.
export const markOf = (row) => `${row.id}.${row.rev}@${row.created_at}`;

export const backoff = (n, random = Math.random) => Math.min(30000, 500 * 2 ** n) * (0.5 + random() / 2);

// What became of revisions, the last 500: mark → [outcome, detail].
export class Done extends Map {
  add(list) {
    for (const [mark, ...how] of list) if (!this.has(mark)) this.set(mark, how);
    for (const mark of this.keys()) if (this.size > 500) this.delete(mark);
  }

  list() { return [...this].map(([mark, how]) => [mark, ...how]); }
}

// The pending set as the answers tell it; only a complete one replaces it.
export class Picture {
  rows = [];

  version = null;

  next = null; // page to ask for

  // True when the rows changed.
  take({ state, version, next, notifications, acks = [] }) {
    const left = this.rows.filter((r) => !acks.some((a) => a.id === r.id && a.rev === r.rev));
    let changed = left.length < this.rows.length;
    this.rows = left;
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
      if (version && acks.every((a) => a.result === 'processed' || a.result === 'already')) this.version = version;
    }
    return changed;
  }
}

const retry = (v) => Math.min(v * 1000 || Date.parse(v) - Date.now(), 6e5);

async function request(o, token, method, path, body, signal) {
  const reply = await fetch(o.url + path, {
    method, signal, cache: 'no-store', credentials: 'omit', body: body && JSON.stringify(body),
    headers: { Authorization: `Bearer ${token}`, 'X-Client': o.client, ...(body && { 'Content-Type': 'application/json' }) },
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

  hear(m) { for (const ear of [...this.ears]) ear(m); }

  post(m) {
    this.channel?.postMessage(m);
    this.hear(m);
  }
}

// Polls for all tabs of a browser.
class Engine {
  tabs = new Map(); // id → busy

  picture = new Picture();

  status = { state: 'connecting' };

  cuts = []; // when

  constructor(bus, o) {
    Object.assign(this, { bus, o, session: o.session, ear: (m) => this.hear(m) });
    bus.ears.add(this.ear);
  }

  hear(m) {
    if (m.tab) this.tabs.set(m.tab, m.busy);
    if (m.t === 'bye') this.tabs.delete(m.tab);
    this.idle = m.t === 'bye' ? !this.tabs.size : this.idle && !m.tab;
    if (this.idle) this.ctl?.abort(); // nobody is left
    if (m.t === 'focus') this.best = m.tab;
    if (m.tab) this.tell();
    if (m.t === 'token') this.given?.(m.token);
    if (['hello', 'wake'].includes(m.t) && !this.firm) this.proceed?.();
    if (m.done || m.hard || (this.asked !== undefined && this.asked !== this.busy())) this.cut();
  }

  busy() { return this.tabs.size > 0 && [...this.tabs.values()].every(Boolean); }

  // Ends the poll that waits, so that the next one says what is new: at most
  // three times in ten seconds, or the service takes us for two clients.
  cut() {
    this.news?.();
    if (!this.ctl || this.ctl.signal.aborted || this.later) return;
    const now = Date.now();
    this.cuts = this.cuts.filter((at) => at > now - 10000);
    if (this.cuts.length > 2) {
      this.later = setTimeout(() => { this.later = 0; this.cut(); }, this.cuts[0] + 10000 - now);
    } else {
      this.cuts.push(now);
      this.ctl.abort();
    }
  }

  tell(status) {
    this.status = status || this.status;
    // The tab that was looked at last goes first.
    const best = this.tabs.has(this.best) ? this.best : this.tabs.keys().next().value;
    this.bus.post({ t: 'state', rows: this.picture.rows, session: this.session, best, status: { ...this.status, by: this.o.by } });
  }

  stop() {
    this.stopped = true;
    this.bus.ears.delete(this.ear);
    this.ctl?.abort();
    this.proceed?.();
    this.given?.();
  }

  async ask() {
    const { o, picture: p } = this;
    if (!this.token) {
      const timer = setTimeout(() => this.given(), 15000);
      this.token = await new Promise((done) => {
        this.given = done;
        this.bus.post({ t: 'need', fresh: this.refused });
      });
      clearTimeout(timer);
      if (!this.token) throw Object.assign(new Error('no token'), { status: 401 });
    }
    const held = o.locks && (await locks.query()).held.map((l) => l.name);
    if (held) for (const id of [...this.tabs.keys()]) if (!held.includes(`${o.key}:${id}`)) this.tabs.delete(id);
    clearTimeout(this.later);
    this.later = 0;
    this.asked = this.busy();
    const ack = p.rows.filter((r) => o.done.has(markOf(r))).slice(0, 50).map((r) => {
      const [outcome, detail] = o.done.get(markOf(r));
      return { id: r.id, rev: r.rev, outcome, detail: detail || undefined };
    });
    const ctl = new AbortController();
    this.ctl = ctl;
    // By the clock on the wall: timers stand still while a computer sleeps.
    const end = Date.now() + (o.wait + o.grace) * 1000;
    let left = o.wait + o.grace;
    const watch = setInterval(() => { if (Date.now() > end || (left -= 1) < 0) ctl.abort(end); }, 1000);
    try {
      return await request(o, this.token, 'POST', '/v1/notifications/poll', { version: p.version, session: this.session, app: o.app, busy: +this.asked, ...(p.next ? { after: p.next, wait: 0 } : { ack, wait: o.wait }) }, ctl.signal);
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
    let timer;
    let twins = 0; // answers that say that another client has our name
    this.bus.post({ t: 'who' });
    while (!this.stopped) {
      let pause = this.idle ? 1e9 : 0;
      if (this.idle) this.firm = false;
      else try {
        const answer = await this.ask();
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
          // What a tab opens now is acknowledged by the next poll already.
          if (changed && this.picture.rows.some((r) => opens(r) && r.session === this.session && !this.o.done.has(markOf(r)))) {
            await Promise.race([new Promise((done) => { this.news = done; }), sleep(300)]);
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
        this.session = `js-${hex()}`;
      }
      if (pause && !this.stopped) {
        await new Promise((done) => {
          timer = setTimeout(done, pause);
          this.proceed = done;
        });
        clearTimeout(timer);
      }
    }
  }
}

const { locks } = globalThis.navigator || {};

// Runs the engine while it has its lock.
async function lead(bus, o, how, begun) {
  let engine;
  const run = () => {
    engine = new Engine(bus, o());
    begun?.(engine);
    return engine.run();
  };
  await (o().locks ? locks.request(o().key, how, run) : run()).catch(() => {});
  engine?.stop();
}

class Client {
  rows = [];

  status = { state: 'connecting' };

  #all = []; // what the engine last told, settled rows included

  #done = new Done();

  #opening = new Map(); // mark → what to call when the row has gone

  #frozen = new AbortController();

  #off = new AbortController();

  #busy = false;

  constructor(options) {
    if (!options.token || !options.user) throw new TypeError('zummer: token and user are required');
    const g = globalThis;
    const page = !!g.document;
    const o = { wait: 25, grace: 15, client: 'zummer-js/1', share: true, url: g.location?.origin, ...options };
    this.o = o;
    o.url = o.url.replace(/\/+$/, '');
    this.token = typeof o.token === 'function' ? o.token : () => o.token;
    this.id = hex();
    const worker = o.worker !== false && g.SharedWorker;
    this.shared = !!(o.share && page && g.BroadcastChannel && (locks || worker));
    this.key = `zummer:${o.url}:${o.user}:${o.app || ''}`;
    let kept;
    try {
      this.store = o.storage === undefined ? g.localStorage : o.storage;
      kept = JSON.parse(this.store.getItem(this.key));
    } catch { /* none */ }
    this.#done.add(kept?.done || []);
    this.session = o.session || (this.shared && kept?.session) || `js-${hex()}`;
    this.bus = new Bus(this.shared && this.key);
    this.bus.ears.add((m) => this.#hear(m));
    this.#listen(page);
    if (this.shared) {
      this.#live();
      try {
        if (!worker) throw worker;
        const w = new g.SharedWorker(o.worker || import.meta.url, { type: 'module', name: this.key });
        w.onerror = () => this.#orphan();
        w.port.postMessage({ ...this.#config('worker'), done: this.#done.list() });
        setTimeout(() => this.#orphan(), 3000);
      } catch { this.#orphan(); }
    } else this.#lead();
  }

  // No worker answers: the tabs choose one of them or, without locks, each is
  // a session of its own.
  #orphan() {
    if (this.heard || this.closed) return;
    if (!locks) {
      this.bus.channel.close();
      this.bus.channel = null;
      this.shared = false;
      this.session = `js-${hex()}`;
    }
    this.#lead();
  }

  #config(by) {
    const { url, app, wait, grace, client } = this.o;
    return { url, app, wait, grace, client, by, key: this.key, locks: this.shared && !!locks, session: this.session };
  }

  #lead(how = { signal: this.#frozen.signal }) {
    if (this.leading || this.closed) return;
    this.leading = true;
    lead(this.bus, () => ({ ...this.#config(this.shared ? 'tab' : 'alone'), done: this.#done }), how, (engine) => { this.engine = engine; }).then(() => {
      this.engine = null;
      this.leading = false;
      if (!this.#frozen.signal.aborted) setTimeout(() => this.#lead(), 1000); // behind who stole it
    });
  }

  #say(t, more) { this.bus.post({ t, tab: this.id, busy: this.#busy || !this.o.open, ...more }); }

  // The tab's own lock tells the engine that it lives.
  #live() {
    const { signal } = this.#frozen;
    locks?.request(`${this.key}:${this.id}`, { signal }, () => new Promise((done) => { signal.onabort = done; })).catch(() => {});
    this.#say('hello');
  }

  #sleep() {
    this.#frozen.abort();
    this.engine?.stop();
    for (const gone of this.#opening.values()) gone();
  }

  #listen(page) {
    const { signal } = this.#off;
    const on = (target, type, f) => target?.addEventListener?.(type, f, { signal });
    const seen = () => {
      if (page && document.hidden) return;
      this.#say('focus');
      this.#say('wake');
    };
    const thaw = () => {
      if (this.#frozen.signal.aborted) {
        this.#frozen = new AbortController();
        this.heard = Date.now();
        this.#live();
        this.#lead();
      }
      this.wake();
    };
    on(globalThis, 'online', () => this.wake());
    on(globalThis, 'focus', seen);
    on(globalThis, 'pageshow', (e) => e.persisted && thaw());
    on(globalThis, 'pagehide', () => this.#say('bye'));
    on(globalThis.document, 'visibilitychange', seen);
    on(globalThis.document, 'freeze', () => this.#sleep());
    on(globalThis.document, 'resume', thaw);
    queueMicrotask(seen);
    let tick = Date.now();
    this.timer = setInterval(() => {
      const now = Date.now();
      if (now - tick > 20000) this.heard = now; // we slept ourselves
      tick = now;
      // The one that polls is silent: frozen, or stuck. Its lock is taken from it.
      if (!this.shared || this.engine || !this.heard || now - this.heard < (this.o.wait + this.o.grace + 45) * 1000) return;
      this.heard = 0;
      this.leading = false;
      if (locks) this.#lead({ steal: true });
      else this.#orphan();
    }, 5000);
  }

  #hear(m) {
    if (m.t === 'who') this.#say('hello');
    if (m.t === 'token') this.given = m;
    if (m.t === 'need') this.#give(m.fresh);
    if (m.done) {
      this.#done.add(m.done);
      this.#save();
      this.#show();
    }
    if (m.t === 'state') {
      this.heard = Math.max(Date.now(), m.status.retryAt || 0);
      if (this.session !== m.session) {
        this.session = m.session;
        this.#save();
      }
      this.#all = m.rows;
      this.best = m.best;
      this.status = m.status;
      if (this.shared && locks) this.#lead(); // in the queue
      this.#show();
      this.o.status?.(m.status);
    }
    this.#consider();
  }

  async #give(fresh) {
    this.given = null;
    if (this.best && this.best !== this.id) await sleep(1000);
    if (this.given) return;
    try { this.bus.post({ t: 'token', token: await this.token(!!fresh) }); } catch { /* next time */ }
  }

  #save() {
    try { this.store.setItem(this.key, JSON.stringify({ session: this.session, done: this.#done.list() })); } catch { /* full */ }
  }

  #show() {
    this.rows = this.#all.filter((r) => !this.#done.has(markOf(r)));
    const shown = JSON.stringify(this.rows);
    if (shown === this.shown || this.closed) return;
    this.shown = shown;
    this.o.rows?.(this.rows, this.session);
  }

  #consider() {
    const there = this.#all.map(markOf);
    for (const [mark, gone] of this.#opening) if (!there.includes(mark)) gone();
    if (!(Date.now() - this.status.at < 50000) || this.#busy || !this.o.open || this.#frozen.signal.aborted || (this.shared && !locks && this.best !== this.id)) return;
    for (const row of this.rows) if (opens(row) && row.session === this.session && !this.#opening.has(markOf(row))) this.#contend(row, markOf(row));
  }

  async #contend(row, mark) {
    const ctl = new AbortController();
    const left = new Promise((done) => { this.#opening.set(mark, () => { ctl.abort(); done(); }); });
    const open = async () => {
      if (this.#busy || ctl.signal.aborted || this.#done.has(mark)) return;
      try {
        this.ack(row, (await this.o.open(row)) || 'opened');
      } catch (error) {
        this.ack(row, 'failed', `${error?.message || error}`.slice(0, 200));
      }
      await left; // nobody else gets it while it is pending
    };
    try {
      if (this.shared && this.best !== this.id) await sleep(1000);
      await (this.shared && locks ? locks.request(`${this.key}:${mark}`, { signal: ctl.signal }, open) : open());
    } catch { /* settled elsewhere */ }
    this.#opening.delete(mark);
  }

  ack(row, outcome = 'opened', detail = null) { this.bus.post({ t: 'did', done: [[markOf(row), outcome, detail]] }); }

  async api(method, path, body) {
    try {
      return await request(this.o, await this.token(false), method, path, body);
    } catch (error) {
      if (error.status !== 401) throw error;
      return request(this.o, await this.token(true), method, path, body);
    }
  }

  claim({ id, rev }, what = 'claim') { return this.api('POST', `/v1/notifications/${id}/${what}`, { session: this.session, rev }); }

  release(row) { return this.claim(row, 'release'); }

  me(change) { return this.api(change ? 'PATCH' : 'GET', '/v1/me', change); }

  get busy() { return this.#busy; }

  set busy(yes) {
    this.#busy = !!yes;
    this.#say('busy');
  }

  wake() { this.#say('wake', { hard: true }); }

  close() {
    if (this.closed) return;
    this.#say('bye');
    this.closed = true;
    this.#off.abort();
    clearInterval(this.timer);
    this.#sleep();
    this.bus.channel?.close();
    this.bus.ears.clear();
  }
}

export const connect = (options) => new Client(options);

// The same file as a SharedWorker: the engine alone.
if (globalThis.SharedWorkerGlobalScope && globalThis.name.startsWith('zummer:')) {
  let config;
  globalThis.onconnect = ({ ports: [port] }) => {
    port.onmessage = async ({ data }) => {
      if (config) return;
      const done = new Done();
      done.add(data.done);
      config = { ...data, done };
      const bus = new Bus(data.key);
      bus.ears.add((m) => {
        if (m.done) done.add(m.done);
        if (m.session) config.session = m.session;
      });
      for (;;) {
        await lead(bus, () => config, {});
        await sleep(1000);
      }
    };
  };
}
