// Cards of calls, which slide in while it rings, and the list of missed ones.
import { opens } from './zummer.js';
import { $, button, el, face, kinds, numbers, phoneText, say, timer, words } from './page.js';

const cards = $('cards');
const digits = (text) => (text || '').replace(/\D/g, '');
const keyOf = (row) => `${row.id}.${row.rev}`;
const nameOf = (row) => row.client?.title || row.name || row.title || words.Unknown;
let began = false; // what was there before the page looked is no news

export function begin(online) { began = online; }

function card(row, session, act, latency) {
  const live = row.action !== 'none' && row.call && row.call.state !== 'ended';
  const closing = row.action === 'none';
  const li = el('li', '', { class: `card${live ? ' live' : ''}${closing ? ' closing' : ''}`, 'data-key': keyOf(row) });
  const known = digits(row.title + row.text);
  li.append(el('div', '', { class: 'top' }, closing ? null : face(nameOf(row)), el('div', '', {},
    el('h2', '', {}, ...numbers(row.title || row.kind)), el('p', '', {}, ...numbers(row.text)),
    row.phone && !known.includes(digits(row.phone)) ? el('p', phoneText(row.phone)) : null)));
  const facts = [kinds[row.kind] || row.kind];
  if (opens(row) && row.session && row.session !== session) facts.push(words.Elsewhere);
  if (latency !== null) facts.push(`${words.Latency} ${latency} ${words.Ms}`);
  if (closing) return li; // it says how the call ended and leaves by itself
  const line = el('p', facts.join(' · '), { class: 'dim facts' });
  if (live) line.append(' · ', timer('', row.call.answered_at || row.call.started_at));
  li.append(line);
  const bar = el('div', '', { class: 'do' });
  if (opens(row) || row.object || row.client) bar.append(button(words.Open, () => act.open(row), { class: 'main' }));
  bar.append(button(words.Dismiss, () => act.dismiss(row), { 'aria-label': `${words.Dismiss}: ${nameOf(row)}` }));
  li.append(bar);
  return li;
}

export function drawCards(rows, session, act, zummer) {
  const now = Date.parse(zummer?.status.serverTime) || Date.now();
  const have = new Map([...cards.children].map((li) => [li.dataset.key + li.dataset.session, li]));
  const next = rows.map((row) => {
    const old = have.get(keyOf(row) + row.session);
    if (old) return old;
    const li = card(row, session, act, began ? Math.max(0, now - Date.parse(row.updated_at)) : null);
    li.dataset.session = row.session;
    if (began && row.kind === 'call.ringing') say(`${words.RingingAria} ${nameOf(row)}${digits(nameOf(row)).includes(digits(row.phone)) ? '' : `, ${phoneText(row.phone)}`}`);
    return li;
  });
  if (next.length === cards.children.length && next.every((li, i) => li === cards.children[i])) return;
  // A card keeps the focus that it has; one that goes gives it to the page.
  const held = document.activeElement?.closest?.('.card');
  for (const li of [...cards.children]) if (!next.includes(li)) li.remove();
  for (const [i, li] of next.entries()) if (cards.children[i] !== li) cards.insertBefore(li, cards.children[i] || null);
  if (held && !held.isConnected) (cards.querySelector('button') || $('main').querySelector('[role="tab"][aria-selected="true"]')).focus();
}

const day = (at) => new Date(at).toLocaleString(document.documentElement.lang, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export function drawMissed(rows, act) {
  const list = $('missed').querySelector('ul');
  const before = new Set([...list.children].map((li) => li.dataset.key));
  list.replaceChildren(...rows.map((row) => el('li', '', { 'data-key': keyOf(row) },
    el('h2', row.title || nameOf(row)),
    el('p', [digits(row.title).includes(digits(row.phone)) ? '' : phoneText(row.phone), `${words.MissedAt} ${day(row.call?.started_at || row.created_at)}`].filter(Boolean).join(' · '), { class: 'dim' }),
    digits(row.text).includes(digits(row.phone)) ? null : el('p', row.text, { class: 'dim' }),
    el('div', '', { class: 'do' },
      button(words.CallBack, () => act.open(row), { class: 'main', 'aria-label': `${words.CallBack}: ${nameOf(row)}` }),
      button(words.Dismiss, () => act.dismiss(row), { 'aria-label': `${words.Dismiss}: ${nameOf(row)}` })))));
  $('missed').querySelector('.empty').hidden = rows.length > 0;
  const count = $('missed-count');
  count.textContent = rows.length;
  count.hidden = rows.length === 0;
  const fresh = rows.find((r) => !before.has(keyOf(r)));
  if (began && fresh) say(`${words.MissedAria} ${nameOf(fresh)}`);
}
