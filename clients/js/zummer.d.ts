/** Types of zummer.js. What they mean is told in docs/clients/js.md. */

export interface ZummerObject {
  type: string;
  name: string;
  uid: string;
  title: string;
  /** e1cib/data/… for 1C. */
  link: string;
  /** Address in the CRM's web interface; "" if there is none. Check its scheme before you follow it. */
  url: string;
  app?: string;
}

export interface Call {
  id: string | null;
  state: 'ringing' | 'answered' | 'ended' | string;
  direction: 'in' | 'out' | 'internal' | string;
  extension: string | null;
  did: string | null;
  answered_by: string | null;
  answered_by_name: string | null;
  started_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  talk_s: number | null;
}

/** One notification as a poll gives it. Fields may be added. */
export interface Row {
  id: string;
  rev: number;
  follows: string | null;
  kind: string;
  action: 'open' | 'create' | 'choose' | 'resolve' | 'indicate' | 'show' | 'call_back' | 'none' | string;
  title: string;
  text: string;
  phone: string | null;
  name: string | null;
  app: string | null;
  /** For create: what is to be made; its title is "". */
  object: ZummerObject | null;
  /** null also for a known caller of whom no such object was sent: title has the name. */
  client: ZummerObject | null;
  candidates: ZummerObject[];
  call: Call | null;
  data: Record<string, unknown>;
  /** The session that opens the row. */
  session: string | null;
  created_at: string;
  updated_at: string;
  expires_at: string;
}

export type Outcome = 'opened' | 'dismissed' | 'failed' | 'busy';

export interface Status {
  /** refused: the token is not let in, or the user is not active. */
  state: 'connecting' | 'online' | 'offline' | 'refused';
  /** Who polls for this tab. */
  by: 'worker' | 'tab' | 'alone';
  serverTime?: string;
  /** When the service last answered, ms since 1970. */
  at?: number;
  /** Of the last error: the service's code, else the HTTP status. */
  code?: string | number;
  message?: string;
  /** When it is tried again, ms since 1970. */
  retryAt?: number;
}

export interface Options {
  /** Address of the service. Default: where the page came from. */
  url?: string;
  /** Names the user whose tabs share a poll, e.g. the login. Must change with the user. */
  user: string;
  /**
   * The user's token, or what gets one: called at the start with false, with
   * true when the service refused the last one. It never becomes part of an address.
   */
  token: string | ((fresh: boolean) => string | Promise<string>);
  /**
   * Opens the form of a row. Called in one tab of one browser of the user, once a
   * revision. The row is acknowledged when the result, or what its promise gives, is
   * there: "failed" for an error, "opened" for everything that is no Outcome. Without open nothing is
   * opened here.
   */
  open?: (row: Row) => unknown;
  /** Draws the whole list; called in every tab whenever it changes. */
  rows?: (rows: Row[], session: string) => void;
  status?: (status: Status) => void;
  /** Rows of this app and of none. */
  app?: string;
  /** Address of this module for the SharedWorker, where it was bundled; false: no worker. Default: the module's own. */
  worker?: string | URL | false;
  /** false: this page polls for itself. Default true. */
  share?: boolean;
  /** Seconds that a poll waits. Default 25. */
  wait?: number;
  /** Seconds after its wait when a poll without an answer is given up. Default 15. */
  grace?: number;
  /** NAME/VERSION for the service's lists. */
  client?: string;
  /** Where to remember what was opened. Default localStorage; null: nowhere. */
  storage?: Pick<Storage, 'getItem' | 'setItem'> | null;
  /** Name of the session. Default: made and remembered. */
  session?: string;
}

export interface Client {
  /** The pending rows without those that were settled here. */
  readonly rows: Row[];
  readonly status: Status;
  readonly session: string;
  /** true while a modal window or an unsaved form is open in this tab: nothing is opened in it. */
  busy: boolean;
  /** Settles a revision; the row leaves the list at once, the service hears of it with the next poll. */
  ack(row: Row, outcome?: Outcome, detail?: string): void;
  /** Takes a row for this browser; rejects with code "claimed" when another has it. */
  claim(row: Row): Promise<unknown>;
  release(row: Row): Promise<unknown>;
  /** The user's settings; with an argument it changes them, e.g. {quiet: true}. */
  me(change?: { quiet?: boolean; pop_on?: 'ringing' | 'answered' | 'never' }): Promise<any>;
  /** Any call of the contract. Rejects with an Error that has status and code. */
  api(method: string, path: string, body?: unknown): Promise<any>;
  /** Polls at once. */
  wake(): void;
  close(): void;
}

export function connect(options: Options): Client;

/** Whether a row's action opens something. */
export function opens(row: Pick<Row, 'action'>): boolean;

/** Names a revision for ever. */
export function markOf(row: Pick<Row, 'id' | 'rev' | 'created_at'>): string;

/** Milliseconds to wait after the n-th failure in a row. */
export function backoff(n: number): number;

/** What became of revisions, by markOf; the last 500. The client keeps one. */
export class Done extends Map<string, { outcome: Outcome; detail?: string }> {
  add(list: Iterable<[string, { outcome: Outcome; detail?: string }]>): void;
}

/** The pending set as the answers to polls tell it. The client keeps one. */
export class Picture {
  rows: Row[];
  version: string | null;
  /** The page to ask for; null when the set is whole. */
  next: string | null;
  /** True when the rows changed. */
  take(answer: { state: string; version: string | null; next: string | null; notifications: Row[]; acks?: { id: string; rev: number; result: string }[] }): boolean;
}
