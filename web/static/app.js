// What the pages do besides htmx: they ask the server whether anything changed
// and let the parts that want it renew themselves (hx-trigger="pulse from:body"),
// count ages, ask before what cannot be undone, copy, choose many.
(() => {
  const body = document.body;
  const [second, minute, hour, day] = body.dataset.units.split(' ');
  const lost = document.getElementById('lost');
  let clock = 0; // server's clock minus ours, in milliseconds

  let began = 0, renewal = 0; // when the last renewal was asked for, how long it took, in milliseconds

  const say = (text) => { if (lost.textContent !== text || lost.hidden !== !text) { lost.textContent = text; lost.hidden = !text; } };
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  const visible = () => new Promise((go) => {
    if (!document.hidden) return go();
    const on = () => { if (!document.hidden) { document.removeEventListener('visibilitychange', on); go(); } };
    document.addEventListener('visibilitychange', on);
  });

  // One request waits while the page is looked at; what comes in a burst renews the page once.
  async function follow() {
    let pulse = body.dataset.pulse;
    for (;;) {
      await visible();
      try {
        const reply = await fetch(`/admin/pulse?since=${pulse}`, { headers: { Accept: 'application/json' }, cache: 'no-store', signal: AbortSignal.timeout(40000) });
        if (reply.status === 401) { location.reload(); return; }
        if (!reply.ok) throw new Error(String(reply.status));
        const date = Date.parse(reply.headers.get('Date') || '');
        if (date) clock = date - Date.now();
        const now = String((await reply.json()).pulse);
        if (now !== pulse) { pulse = now; body.dispatchEvent(new Event('pulse')); }
        say('');
        await pause(Math.max(250, 4 * renewal)); // a page that costs the server more is renewed less often
      } catch {
        if (!document.hidden) say(body.dataset.lost);
        await pause(2000);
        pulse = '0';
      }
    }
  }

  const lasted = (s) => s < 60 ? `${s} ${second}` : s < 3600 ? `${Math.floor(s / 60)} ${minute}` : s < 172800 ? `${Math.floor(s / 3600)} ${hour}` : `${Math.floor(s / 86400)} ${day}`;
  function ages() {
    const now = Date.now() + clock;
    for (const e of document.querySelectorAll('[data-age]')) {
      const text = lasted(Math.max(0, Math.floor((now - Date.parse(e.dataset.age)) / 1000)));
      if (e.textContent !== text) e.textContent = text;
    }
    for (const e of document.querySelectorAll('[data-until]')) {
      const s = Math.floor((Date.parse(e.dataset.until) - now) / 1000);
      const text = s > 0 ? lasted(s) : '';
      if (e.textContent !== text) e.textContent = text;
    }
  }

  // A renewed part keeps what the person did in it: chosen rows, opened details.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === 'checked' || name === 'open' && node.localName === 'details' || name === 'hidden' && 'bulk' in node.dataset);
  // An age is written by ages(), a second later at most.
  // What somebody has typed or chosen stays until it is sent.
  const touched = (e) => {
    if (e.localName !== 'select') return (e.localName === 'textarea' || e.localName === 'input' && !['checkbox', 'radio', 'hidden'].includes(e.type)) && e.value !== e.defaultValue;
    const options = [...e.options], first = !e.multiple && !options.some((o) => o.defaultSelected);
    return options.some((o, i) => o.selected !== (o.defaultSelected || first && i === 0));
  };
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) => !(old.nodeType === 1 && (touched(old) || old.dataset.age && fresh.dataset && old.dataset.age === fresh.dataset.age));
  // What somebody reads stays where it is on the screen when rows come above it.
  let anchor, top;
  body.addEventListener('htmx:beforeSwap', (e) => {
    const focus = document.activeElement?.closest('tr[id]');
    const seen = (row) => { const r = row.getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight; };
    anchor = scrollY > 0 ? (focus && seen(focus) ? focus : [...document.querySelectorAll('tr[id]')].find(seen)) : null;
    top = anchor?.getBoundingClientRect().top;
  });
  body.addEventListener('htmx:afterSwap', () => {
    ages();
    chosen();
    if (anchor?.isConnected) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: 'instant' });
    anchor = null;
  });
  body.addEventListener('htmx:beforeRequest', () => { began = performance.now(); });
  body.addEventListener('htmx:afterRequest', () => { renewal = Math.min(performance.now() - began, 5000); });
  body.addEventListener('htmx:sendError', () => say(body.dataset.lost));
  body.addEventListener('htmx:responseError', (e) => {
    if (e.detail.xhr.status === 401) location.reload();
    else say(body.dataset.failed);
  });

  // What cannot be undone is asked for.
  const dialog = document.getElementById('confirm');
  document.addEventListener('submit', (event) => {
    const text = event.submitter?.dataset.confirm || event.target.querySelector('input[data-confirm]:checked')?.dataset.confirm || event.target.dataset.confirm;
    if (!text || event.target.dataset.sure) return;
    event.preventDefault();
    event.stopPropagation();
    document.getElementById('confirm-text').textContent = text;
    dialog.onclick = (click) => {
      const value = click.target.value;
      if (value !== 'yes' && value !== 'no') return;
      dialog.close();
      if (value !== 'yes') return;
      event.target.dataset.sure = '1';
      event.target.requestSubmit(event.submitter);
      delete event.target.dataset.sure;
    };
    dialog.showModal();
    dialog.querySelector('[value="yes"]').focus();
  }, true);

  // What is wrong in a form is listed above it, what is closed over it is opened, and the first such field is begun with.
  const mistakes = [...document.querySelectorAll('main small.wrong[data-for]')];
  const list = document.querySelector('#mistakes ul');
  let first = null;
  mistakes.forEach((told, i) => {
    const name = told.dataset.for;
    for (let d = told.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
    told.id ||= `wrong-${i}`;
    let box = told.parentElement;
    const fields = (at) => [...at.querySelectorAll('input, select, textarea')].filter((e) => e.name === name && e.type !== 'hidden');
    while (box && box.id !== 'main' && !fields(box).length) box = box.parentElement;
    const field = box && fields(box)[0];
    const item = document.createElement('li');
    const link = document.createElement('a');
    let label = name;
    if (field) {
      field.id ||= `field-${i}`;
      field.setAttribute('aria-invalid', 'true');
      field.setAttribute('aria-describedby', `${field.getAttribute('aria-describedby') || ''} ${told.id}`.trim());
      const own = field.type === 'checkbox' || field.type === 'radio' ? field.closest('fieldset')?.querySelector('legend') : field.labels?.[0];
      label = [...(own?.childNodes || [])].filter((n) => n.nodeType === 3 || n.localName === 'code').map((n) => n.textContent).join('').trim() || name;
      first ||= field;
    }
    link.href = `#${(field || told).id}`;
    link.textContent = `${label}: ${told.textContent}`;
    link.addEventListener('click', (e) => { if (field) { e.preventDefault(); field.focus(); } });
    item.append(link);
    list.append(item);
  });
  if (mistakes.length) list.parentElement.hidden = false;
  first?.focus();
  // What the browser itself finds wrong may be closed over too.
  document.addEventListener('invalid', (event) => {
    for (let d = event.target.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
  }, true);

  // data-all chooses every data-one; the bar of what can be done to many shows how many.
  function chosen() {
    const ones = [...document.querySelectorAll('[data-one]')];
    const n = ones.filter((box) => box.checked).length;
    for (const e of document.querySelectorAll('[data-chosen]')) e.textContent = n;
    for (const e of document.querySelectorAll('[data-bulk]')) e.hidden = n === 0;
    for (const e of document.querySelectorAll('[data-all]')) { e.checked = n > 0 && n === ones.length; e.indeterminate = n > 0 && n < ones.length; }
  }
  document.addEventListener('change', (event) => {
    const t = event.target;
    if (t.matches('[data-all]')) for (const box of document.querySelectorAll('[data-one]')) box.checked = t.checked;
    if (t.matches('[data-all], [data-one]')) chosen();
    if (t.matches('[data-submit]')) t.form.requestSubmit();
  });

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    const text = document.querySelector(button.dataset.copy).textContent;
    try { await navigator.clipboard.writeText(text); } catch { // no permission, or plain HTTP
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
      button.focus();
    }
    button.dataset.text ||= button.textContent;
    button.textContent = body.dataset.copied;
    setTimeout(() => { button.textContent = button.dataset.text; }, 2000);
  });

  // A page that the browser kept for its back button may be of somebody who has signed out.
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

  setInterval(ages, 1000);
  ages();
  chosen();
  if (document.querySelector('[hx-trigger*="pulse"], [hx-trigger*="every"]')) follow();
})();
