// The panel on the right: an interest, the choice among several, the wizard.
import { $, at, button, el, face, phoneText, safeLink, say, timer, words } from './page.js';
import { refresh } from './lists.js';

const form = $('form');
const body = $('form-body');
let tellDirty = () => {};
let dirty = false;
let before = null; // what had the focus

export function onForm(f) { tellDirty = f; }

function setDirty(yes) {
  if (dirty === yes) return;
  dirty = yes;
  tellDirty(yes);
}

const notes = new Map(); // uid → text, for as long as the page lives

async function post(path, data) {
  const reply = await fetch(at(path), { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(data || {}) });
  const answer = reply.status === 204 ? null : await reply.json();
  if (!reply.ok) throw new Error(answer.detail || String(reply.status));
  return answer;
}

// panel opens the form with a heading that gets the focus, unless somebody is
// writing just now.
function panel(row, title, ...parts) {
  const writing = document.activeElement?.matches?.('input, textarea');
  if (form.hidden) before = document.activeElement;
  setDirty(false);
  const call = row?.call?.state === 'answered' ? timer(words.Since, row.call.answered_at) : null;
  const heading = el('h2', title, { id: 'form-title', tabindex: '-1' });
  const who = [row?.client?.title || row?.name, phoneText(row?.phone)].filter(Boolean).join(' · ');
  body.replaceChildren(el('div', '', { class: 'top' }, face(row ? row.client?.title || row.name : title), el('div', '', {}, heading, row && who ? el('p', who, { class: 'dim' }) : null), call), ...parts.filter(Boolean));
  if (row) body.dataset.row = `${row.id}.${row.rev}`;
  else delete body.dataset.row;
  form.hidden = true;
  void form.offsetWidth; // so that the same panel is seen to open again
  form.hidden = false;
  $('no-form').hidden = true;
  if (!writing || !document.activeElement?.isConnected) heading.focus({ preventScroll: true });
  form.scrollIntoView({ block: 'nearest' });
}

export function closeForm(keepUnsaved) {
  if (form.hidden || (keepUnsaved && dirty)) return;
  form.hidden = true;
  body.replaceChildren();
  $('no-form').hidden = false;
  setDirty(false);
  (before?.isConnected && before !== document.body ? before : document.querySelector('[role="tab"][aria-selected="true"]')).focus();
}

const closeButton = () => button(words.Close, () => closeForm(), { id: 'close', class: 'end' });

function facts(row, client, object) {
  const dl = el('dl');
  const line = (name, ...value) => { if (value.some(Boolean)) dl.append(el('dt', name), el('dd', '', {}, ...value)); };
  const href = safeLink(object);
  line(words.Client, client?.name || row?.client?.title || row?.name);
  line(words.Phone, row ? phoneText(row.phone) || row.phone : client?.phones.map(phoneText).join(', '));
  line(words.Interest, href ? el('a', object.title, { href, rel: 'noopener noreferrer', target: '_blank' }) : object?.title);
  line(words.Status, object ? words.StatusOpen : '');
  line('1С', object?.link ? el('code', object.link) : '');
  return dl;
}

export function openInterest(row, client, interest) {
  const object = { ...(row?.object?.uid === interest.uid ? row.object : {}), ...interest };
  const note = el('textarea', '', { id: 'note', rows: 4 });
  note.value = notes.get(interest.uid) || '';
  const saved = el('span', '', { class: 'dim', role: 'status' });
  note.addEventListener('input', () => { setDirty(true); saved.textContent = words.Unsaved; });
  const save = button(words.Save, () => {
    notes.set(interest.uid, note.value);
    setDirty(false);
    saved.textContent = words.Saved;
  }, { class: 'main' });
  const settle = client && button(words.CloseInterest, async () => {
    try {
      await post(`/demo/interests/${encodeURIComponent(interest.uid)}/settle`);
      await refresh();
      closeForm();
    } catch (error) { saved.textContent = `${words.ActionFailed} ${error.message}`; }
  });
  panel(row, interest.title || words.Interest, el('div', '', {}, facts(row, client, object)),
    el('div', '', {}, el('label', words.Notes, { for: 'note' }), note, saved),
    el('div', '', { class: 'foot' }, save, settle, button(words.NewInterest, () => openWizard(row, client)), closeButton()));
  if (row) say(`${words.OpenedAria} ${interest.title}, ${client?.name || row.name || ''}`);
}

export function openChoice(row, client) {
  panel(row, words.Choose, el('div', '', {}, el('p', words.ChooseHint, { class: 'dim' })),
    el('ul', '', { class: 'pick' },
      ...row.candidates.map((c) => el('li', '', {}, button(c.title || c.name, () => openInterest(row, client, c)))),
      el('li', '', {}, button(words.Other, () => openWizard(row, client)))),
    el('div', '', { class: 'foot' }, closeButton()));
  say(`${words.OpenedAria} ${words.Choose}`);
  body.querySelector('.pick button').focus();
}

// openWizard walks through client, interest, done.
export function openWizard(row, client) {
  const wanted = { client: client?.id || '', name: client?.name || row?.client?.title || row?.name || '', phone: row?.phone || client?.phones[0] || '', topic: '', responsible: $('user').value };
  const steps = [words.StepClient, words.StepInterest, words.StepDone];
  const field = (id, label, value, more = {}) => {
    const input = el('input', '', { id, autocomplete: 'off', 'aria-describedby': 'w-wrong', ...more });
    input.value = value;
    input.addEventListener('input', () => setDirty(true));
    return [el('div', '', { class: 'field' }, el('label', label, { for: id }), input), input];
  };
  const draw = (step, first, ...parts) => {
    const held = dirty;
    panel(row, words.Wizard, el('ol', '', { class: 'steps' }, ...steps.map((s, i) => el('li', s, { 'aria-current': i === step ? 'step' : undefined }))), ...parts);
    setDirty(held);
    if (step > 0) first.focus();
  };
  const wrong = el('p', '', { id: 'w-wrong', class: 'wrong', role: 'alert' });
  const check = (input, text) => {
    const bad = !input.value.trim();
    input.setAttribute('aria-invalid', String(bad));
    wrong.textContent = bad ? text : '';
    if (bad) input.focus();
    return !bad;
  };
  const one = () => {
    const [name, input] = field('w-name', words.Name, wanted.name, client && { readonly: true });
    const [phone] = field('w-phone', words.Phone, phoneText(wanted.phone), { readonly: true });
    draw(0, input, el('form', '', { id: 'wizard' }, el('p', words.WizardHint, { class: 'dim field' }), name, phone, wrong),
      el('div', '', { class: 'foot' }, el('button', words.Next, { class: 'main', form: 'wizard' }), closeButton()));
    $('wizard').addEventListener('submit', (e) => {
      e.preventDefault();
      wanted.name = input.value.trim();
      if (check(input, words.NeedName)) two();
    });
  };
  const two = () => {
    const [topic, input] = field('w-topic', words.Topic, wanted.topic, { placeholder: words.TopicHint });
    draw(1, input, el('form', '', { id: 'wizard' }, el('p', `${words.Client}: ${wanted.name}`, { class: 'dim field' }), topic, wrong),
      el('div', '', { class: 'foot' }, el('button', words.Create, { class: 'main', form: 'wizard' }), button(words.Back, () => { wanted.topic = input.value; one(); }), closeButton()));
    $('wizard').addEventListener('submit', async (e) => {
      e.preventDefault();
      wanted.topic = input.value.trim();
      if (!check(input, words.NeedTopic)) return;
      try {
        const made = await post('/demo/interests', wanted);
        setDirty(false);
        await refresh();
        three(made);
      } catch (error) { wrong.textContent = `${words.ActionFailed} ${error.message}`; }
    });
  };
  const three = ({ contact, interest }) => {
    const open = button(words.OpenInterest, () => openInterest(row, contact, interest), { class: 'main' });
    draw(2, open, el('div', '', {}, el('p', words.Created), el('p', interest.title, { class: 'dim' })), el('div', '', { class: 'foot' }, open, closeButton()));
  };
  one();
  if (row) say(`${words.WizardAria} ${wanted.name} ${phoneText(wanted.phone)}`);
}
