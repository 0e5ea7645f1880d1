import { connect, opens, markOf, type Row, type Client, type Status } from './zummer.js';
const seen = new Set<string>();
const zummer: Client = connect({
  user: 'ivanov', url: 'https://z.example', token: async (fresh: boolean) => (fresh ? 'a' : 'b'),
  open: async (row: Row) => { if (seen.has(markOf(row))) return 'busy'; seen.add(markOf(row)); if (row.object?.url.startsWith('https://')) window.open(row.object.url); return; },
  rows: (rows, session) => { for (const r of rows) if (opens(r) && r.session === session) console.log(r.call?.state); },
  status: (s: Status) => { document.title = s.state; },
  worker: new URL('./zummer.js', 'https://x/'), storage: null, share: false,
});
zummer.busy = true;
zummer.ack(zummer.rows[0]!, 'dismissed', 'x');
zummer.me({ quiet: true }).then((m) => m.quiet);
// What a form gives that is no outcome counts as opened.
connect({ user: 'u', token: 't', open: async (row: Row): Promise<string | null> => row.phone });
// @ts-expect-error an outcome that there is not
zummer.ack(zummer.rows[0]!, 'done');
// @ts-expect-error no user
connect({ token: 't' });
// @ts-expect-error
zummer.session = 'x';
