// A CRM's page as its author would write it, but for telling the test what it
// does. mode: worker (default), tab (none is wanted), absent (the browser has
// none), alone.
import { connect } from './zummer.js';

const asked = new URLSearchParams(window.location.search);
const mode = asked.get('mode') || 'worker';
const list = document.getElementById('list');
const report = (what, key) => fetch(`/${what}`, { method: 'POST', body: `${asked.get('tab')} ${key}`, keepalive: true });

if (mode === 'absent') delete window.SharedWorker;
window.hold = null; // what the form waits for before it is open
window.states = [];
window.zummer = connect({
  url: asked.get('url'), user: 'ivanov', wait: Number(asked.get('wait') || 20), grace: 3, client: `crm/${asked.get('tab')}`,
  ...(['tab', 'alone'].includes(mode) && { worker: false }), share: mode !== 'alone',
  token: async (fresh) => (await fetch(`/token?fresh=${fresh}`)).text(),
  rows: (rows) => { list.replaceChildren(...rows.map((r) => { const li = document.createElement('li'); li.textContent = `${r.id}.${r.rev} ${r.action} ${r.title}`; return li; })); },
  status: (s) => { window.states.push(s.state); window.by = s.by; },
  open: async (row) => { await window.hold; await report('opened', `${row.id}.${row.rev}`); },
});
