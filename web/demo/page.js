// What all parts of the page use.
export const $ = (id) => document.getElementById(id);
export const words = JSON.parse(document.body.dataset.words);
export const kinds = JSON.parse(document.body.dataset.kinds);

// el makes an element; its text stays text.
export function el(tag, text, more = {}, ...inner) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(more)) {
    if (name === 'click') node.addEventListener('click', value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...inner.filter(Boolean));
  return node;
}

export const button = (text, click, more = {}) => el('button', text, { type: 'button', click, ...more });

// say is read out by screen readers, and seen by nobody.
export function say(text) {
  const said = $('said');
  said.textContent = '';
  requestAnimationFrame(() => { said.textContent = text; });
}

export const phoneText = (phone) => (phone || '').replace(/^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/, '+7 $1 $2-$3-$4');

// numbers are the parts of a text whose telephone numbers stay in one line.
export const numbers = (text) => (text || '').split(/(\+?\d[\d ()-]{8,}\d)/).map((part, i) => (i % 2 ? el('span', part, { class: 'num' }) : part));

export function face(name) {
  const letters = (name || '').replace(/^(ООО|АО|ИП|ПАО|ЗАО)\s+/u, '').match(/\p{L}/gu);
  return el('span', letters ? letters.slice(0, 2).join('').toUpperCase() : '?', { class: 'face', 'aria-hidden': 'true' });
}

const clock = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;

// timer counts from a moment while its element is on the page.
export function timer(label, since) {
  const from = Math.min(Date.parse(since) || Date.now(), Date.now());
  const node = el('span', '', { class: 'talk' });
  const draw = () => { node.textContent = `${label} ${clock(Date.now() - from)}`; };
  draw();
  const beat = setInterval(() => { if (node.isConnected) draw(); else clearInterval(beat); }, 1000);
  return node;
}

// safeLink lets through what a browser may follow.
export const safeLink = (object) => (/^https?:\/\//i.test(object?.url || '') ? object.url : '');

// at is an address of this server; the page's own may hold a name and password,
// which fetch refuses.
export const at = (path) => new URL(path, window.location.origin).href;
