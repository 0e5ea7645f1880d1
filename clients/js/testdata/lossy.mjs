// A client in node for the test of a bad network: it prints a line for each
// form and each state, and ends when its input does.
import { connect } from '../zummer.js';

const { ZUMMER, TOKEN, SESSION } = process.env;
const zummer = connect({
  url: ZUMMER, user: 'ivanov', token: TOKEN, session: SESSION, wait: 3, grace: 1,
  open: (row) => { console.log(`opened ${row.id}.${row.rev} ${row.phone}`); },
  status: (s) => { console.log(`state ${s.state} ${s.code || ''} ${s.message || ''}`); },
});
process.stdin.on('end', () => zummer.close()).resume();
