// Sends a file of contacts and tells how far it is: while the file goes, what
// the browser sent; then what the server has stored of it. Without this script
// the form works as well, and the report comes at the end.
(() => {
  const form = document.querySelector('form[data-import]');
  if (!form) return;
  const box = document.getElementById('import-progress');
  const bar = box.querySelector('progress');
  const said = box.querySelector('[role="status"]');
  const report = document.getElementById('report');
  const words = form.dataset;
  let running = false;
  let told = 0;

  const number = (n) => n.toLocaleString(document.documentElement.lang);
  const show = (share, text) => {
    if (share === null) bar.removeAttribute('value'); else bar.value = Math.min(100, Math.round(share * 100));
    const now = Date.now(); // a screen reader reads each change out
    if (now - told > 900 || share === 1) { told = now; said.textContent = text; }
  };

  form.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (running) return;
    running = true;
    report.replaceChildren();
    box.hidden = false;
    form.querySelector('button').disabled = true;
    show(0, words.sending);
    const request = new XMLHttpRequest();
    let read = 0;
    let html = '';
    let stored = null;
    const lines = () => {
      for (;;) {
        const end = request.responseText.indexOf('\n', read);
        if (end < 0) return;
        const line = JSON.parse(request.responseText.slice(read, end));
        read = end + 1;
        if (line.done) html = line.html;
        else if (line.lines !== undefined) {
          stored = line;
          show(line.of > 0 ? line.bytes / line.of : null, `${words.stored}: ${number(line.stored)}`);
        }
      }
    };
    request.open('POST', form.action);
    request.setRequestHeader('Accept', 'application/x-ndjson');
    request.upload.addEventListener('progress', (e) => {
      if (!stored && e.lengthComputable) show(e.loaded / e.total, `${words.sending}: ${Math.floor(100 * e.loaded / e.total)} %`);
    });
    request.addEventListener('progress', () => { try { lines(); } catch { html = ''; } });
    request.addEventListener('loadend', () => {
      running = false;
      form.querySelector('button').disabled = false;
      try { lines(); } catch { html = ''; }
      if (request.status === 401) { location.reload(); return; }
      box.hidden = true;
      if (html) {
        report.innerHTML = html; // made by the server's template
        form.reset();
      } else {
        const p = document.createElement('p');
        p.className = 'flash bad';
        p.setAttribute('role', 'alert');
        p.textContent = words.broke;
        report.replaceChildren(p);
      }
      const head = report.querySelector('h2, [role="alert"]');
      if (head) { head.tabIndex = -1; head.focus(); }
    });
    request.send(new FormData(form));
  });
  window.addEventListener('beforeunload', (event) => { if (running) event.preventDefault(); });
})();
