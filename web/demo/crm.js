// The sample CRM: what a CRM's author writes around zummer.js. It shows each
// call as a card while it rings, opens the client's interest or the wizard when
// the call is answered, and lists who was missed.
import { connect } from './zummer.js';
import { begin, drawCards, drawMissed } from './cards.js';
import { closeForm, onForm, openChoice, openInterest, openWizard } from './forms.js';
import { clientOf, contacts, drawLists, refresh } from './lists.js';
import { $, at, say, words } from './page.js';

const select = $('user');
const status = $('status');
const quiet = $('quiet');
let zummer = null;
let openedCount = 0;

// open shows the form of a row; zummer.js calls it in one tab of one browser.
async function open(row) {
  await refresh();
  const client = clientOf(row);
  const known = client?.interests.find((i) => i.uid === row.object?.uid);
  if (row.action === 'choose') openChoice(row, client);
  else if (row.action === 'create' || row.action === 'resolve' || !row.object) openWizard(row, client);
  else openInterest(row, client, known || row.object);
  openedCount += 1;
  $('opened').textContent = openedCount;
}

// What the buttons of cards and lists do.
const act = {
  open: (row) => open(row).then(() => zummer.ack(row, 'opened')),
  dismiss: (row) => zummer.ack(row, 'dismissed'),
};

function show(rows, session) {
  drawCards(rows.filter((r) => r.action !== 'call_back'), session, act, zummer);
  drawMissed(rows.filter((r) => r.action === 'call_back'), act);
}

function tell(s) {
  begin(s.state === 'online');
  const seconds = s.retryAt ? Math.max(1, Math.ceil((s.retryAt - Date.now()) / 1000)) : 0;
  const text = {
    connecting: words.Connecting, online: words.Connected, refused: words.Refused, offline: `${words.Again} ${seconds} ${words.Units.split(' ')[0]}`,
  }[s.state];
  if (status.textContent !== text) status.textContent = text;
  status.className = s.state;
  $('by').textContent = `${words.By} ${{ worker: words.ByWorker, tab: words.ByTab, alone: words.ByAlone }[s.by]}`;
}

function setQuiet(on) {
  quiet.setAttribute('aria-checked', String(on));
  $('quiet-hint').hidden = !on;
}

async function start() {
  zummer?.close();
  zummer = null;
  const { token } = select.selectedOptions[0].dataset;
  closeForm();
  tell({ state: 'connecting', by: 'alone' });
  show([], '');
  zummer = connect({ user: select.value, token, client: 'zummer-demo/2 (browser)', rows: show, open, status: tell });
  const mine = zummer;
  const me = await zummer.me().catch(() => ({}));
  if (mine === zummer) setQuiet(!!me.quiet);
}

quiet.addEventListener('click', async () => {
  const on = quiet.getAttribute('aria-checked') !== 'true';
  setQuiet(on);
  try {
    setQuiet((await zummer.me({ quiet: on })).quiet);
  } catch (error) {
    setQuiet(!on);
    say(`${words.ActionFailed} ${error.message}`);
  }
});

// While something in the form is not saved, calls open elsewhere or wait.
onForm((dirty) => { if (zummer) zummer.busy = dirty; });

// One call as a PBX tells of it: it rings, is answered, and ends.
async function ringMe(button) {
  const { extension } = select.selectedOptions[0].dataset;
  const call = `page-${Date.now()}`;
  const phones = contacts().flatMap((c) => c.phones.slice(0, 1)).concat('+79265550199');
  const phone = phones.length > 1 ? phones[ringMe.turn % phones.length] : '+79031234567';
  ringMe.turn += 1;
  const hook = async (event) => {
    const reply = await fetch(at(document.body.dataset.hook), {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ event, call, extension, direction: 'in', phone }),
    });
    if (!reply.ok) throw new Error(String(reply.status));
  };
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const label = button.textContent;
  button.disabled = true;
  button.textContent = words.Ringing;
  try {
    await hook('ringing');
    await pause(3000);
    await hook('answered');
    button.textContent = words.Talking;
    await pause(5000);
    await hook('ended');
  } catch (error) {
    say(`${words.ActionFailed} ${error.message}`);
  } finally {
    button.textContent = label;
    button.disabled = false;
  }
}
ringMe.turn = 0;

$('ring')?.addEventListener('click', (e) => ringMe(e.target));
$('who').addEventListener('submit', (e) => e.preventDefault());
select.addEventListener('change', start);
document.addEventListener('keydown', (e) => { if (e.key === 'Escape') closeForm(true); });
await refresh();
drawLists();
start();
