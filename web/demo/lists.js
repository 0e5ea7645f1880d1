// The three lists: clients, interests, and missed calls (cards.js fills those).
import { $, at, button, el, phoneText, words } from './page.js';
import { openInterest, openWizard } from './forms.js';

let list = [];

export const contacts = () => list;

const digits = (text) => (text || '').replace(/\D/g, '');

// clientOf finds the client of a row by what names it, else by the number.
export function clientOf(row) {
  const byUID = row.client && list.find((c) => c.client?.uid === row.client.uid);
  return byUID || list.find((c) => row.phone && c.phones.some((p) => digits(p) === digits(row.phone)));
}

// refresh asks the CRM's server; without an answer the lists stay.
export async function refresh() {
  try {
    const reply = await fetch(at('/demo/contacts.json'), { cache: 'no-store' });
    if (!reply.ok) return;
    list = (await reply.json()).items;
    drawLists();
  } catch { /* the next time */ }
}

const person = (login) => [...$('user').options].find((o) => o.value === login)?.textContent || login || words.Nobody;

export function drawLists() {
  $('clients').firstElementChild.replaceChildren(...list.map((c) => {
    const first = c.interests[0];
    const open = button(c.name, () => (first ? openInterest(null, c, first) : openWizard(null, c)), { class: 'open' });
    return el('li', '', {}, open,
      el('p', [c.phones.map(phoneText).join(', '), person(c.responsible)].join(' · '), { class: 'dim' }),
      el('p', c.interests.map((i) => i.title).join('; ') || words.NoneYet, { class: 'dim' }));
  }));
  $('interests').firstElementChild.replaceChildren(...list.flatMap((c) => c.interests.map((i) => el('li', '', {},
    button(i.title, () => openInterest(null, c, i), { class: 'open' }),
    el('p', `${c.name} · ${person(c.responsible)}`, { class: 'dim' })))));
}

// Tabs as a keyboard has them: arrows walk, Home and End jump.
const tabs = [...document.querySelectorAll('[role="tab"]')];
function choose(tab) {
  for (const t of tabs) {
    t.setAttribute('aria-selected', String(t === tab));
    t.tabIndex = t === tab ? 0 : -1;
    $(t.getAttribute('aria-controls')).hidden = t !== tab;
  }
}
for (const [i, tab] of tabs.entries()) {
  tab.addEventListener('click', () => choose(tab));
  tab.addEventListener('keydown', (e) => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    choose(tabs[to % tabs.length]);
    tabs[to % tabs.length].focus();
  });
}
