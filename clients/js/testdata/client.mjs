// The client in node, for the tests of a bad network and of the conformance
// kit: it prints a line for each form and each state, and ends when its input
// does. KIT is the address of the kit, if it is to be told.
import { connect } from '../zummer.js';

const { ZUMMER, TOKEN, SESSION, WAIT, GRACE, KIT } = process.env;
let told; // one report after the other: the kit takes the last one
const kit = (what) => KIT && (told = Promise.resolve(told).then(() => fetch(`${KIT}/kit/${what}`)).catch(() => {}));
const keys = (rows) => rows.map((r) => `${r.id}.${r.rev}`).join();
const zummer = connect({
  url: ZUMMER, user: 'ivanov', token: TOKEN, ...(SESSION && { session: SESSION }), ...(WAIT && { wait: +WAIT, grace: +GRACE }),
  open: async (row) => {
    console.log(`opened ${row.id}.${row.rev} ${row.phone}`);
    await kit(`opened?row=${row.id}.${row.rev}`);
  },
  rows: (rows) => kit(`shown?rows=${keys(rows)}`),
  status: (s) => { console.log(`state ${s.state} ${s.code || ''} ${s.message || ''}`); },
});
process.stdin.on('end', () => zummer.close()).resume();
