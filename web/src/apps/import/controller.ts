// What the import page does: one step after the other, each started by the reader, followed until it ends.

import { batch } from '@preact/signals';
import { ApiError } from '../../api/client';
import { ImportsApi, type Import, type Mode } from '../../api/imports';
import { lang, say } from '../../ui/i18n';
import * as s from './state';
import { send, sleep, type Chosen } from './upload';

const POLL_MS = 400;
const TOKEN = 'ditu.token';

let api: ImportsApi | null = null;
let stop = new AbortController();

function recallToken(): string | null {
  const given = /[#&]token=([^&]+)/.exec(location.hash)?.[1];
  // The token is not left where it is read over a shoulder or copied along with the address.
  if (given) history.replaceState(null, '', location.pathname + location.search);
  try {
    if (given) sessionStorage.setItem(TOKEN, given);
    return given ?? sessionStorage.getItem(TOKEN);
  } catch {
    return given ?? null;
  }
}

/** Starts the page. */
export function start(): void {
  const token = recallToken();
  if (token) void enter(token);
}

/** Takes a token, if the server does. */
export async function enter(token: string): Promise<void> {
  api = new ImportsApi(token.trim(), () => lang.value);
  try {
    const list = await api.list();
    try {
      sessionStorage.setItem(TOKEN, token.trim());
    } catch {
      // Storage is forbidden: the token is asked for again after a reload.
    }
    batch(() => {
      s.token.value = token.trim();
      s.tokenBad.value = false;
      s.earlier.value = list.filter((i) => i.state !== 'committed' && i.files.length > 0);
    });
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 401) s.tokenBad.value = true;
    else failed(cause, () => void enter(token));
  }
}

function failed(cause: unknown, again: () => void): void {
  if (cause instanceof ApiError && cause.status === 401) {
    s.token.value = null;
    return;
  }
  s.failure.value = { text: cause instanceof Error ? cause.message : String(cause), again };
}

/** Runs a request; what it refuses is shown with a way to try again. */
async function attempt(work: (api: ImportsApi) => Promise<void>): Promise<void> {
  if (!api) return;
  s.failure.value = null;
  const { signal } = stop;
  try {
    await work(api);
  } catch (cause) {
    if (!signal.aborted) failed(cause, () => void attempt(work));
  }
}

/** Files were chosen: they are sent, then recognised. */
export function take(chosen: Chosen[]): void {
  if (chosen.length === 0) return;
  s.files.value = [...s.files.value.filter((f) => !chosen.some((c) => c.path === f.path)), ...chosen];
  void attempt(async (api) => {
    const { signal } = stop;
    s.sending.value = true;
    try {
      const job = s.current.value ?? (s.current.value = await api.create());
      await send(
        api,
        job.id,
        s.files.value,
        {
          sent: (path, bytes) => (s.sent.value = { ...s.sent.value, [path]: bytes }),
          waiting: (message) => (s.waiting.value = message),
        },
        signal,
      );
      if (signal.aborted) return;
      s.current.value = await api.get(job.id);
    } finally {
      batch(() => {
        s.sending.value = false;
        s.waiting.value = null;
      });
    }
    if (s.current.value.files.every((f) => f.offset === f.size)) await follow(api, () => plan(api));
  });
}

/** Goes on with an import of before. */
export function resume(job: Import): void {
  s.current.value = job;
  s.earlier.value = [];
  if (job.files.length > 0 && job.files.every((f) => f.offset === f.size) && job.state === 'open') void attempt((api) => follow(api, () => plan(api)));
  else if (job.state === 'working') void attempt((api) => follow(api, async () => job));
  else void showPreview();
}

const plan = (api: ImportsApi): Promise<Import> => api.plan(s.current.value!.id, s.choices.value, s.mode.value, s.part.value);

/** Starts a step and polls until it ends. */
async function follow(api: ImportsApi, begin: () => Promise<Import>): Promise<void> {
  const { signal } = stop;
  let job = await begin();
  s.current.value = job;
  let misses = 0;
  while (job.state === 'working') {
    await sleep(POLL_MS, signal);
    try {
      job = await api.get(job.id);
      misses = 0;
    } catch (cause) {
      // The work goes on without us; a server that is away for long is told.
      if (!(cause instanceof ApiError) || cause.kind !== 'away' || ++misses > 20) throw cause;
      await sleep(1_000, signal);
      continue;
    }
    if (signal.aborted) return;
    s.current.value = job;
  }
  await showPreview();
}

async function showPreview(): Promise<void> {
  const job = s.current.value;
  s.preview.value = job && api && job.datasets.length + job.groups.length + job.diff.length > 0 ? await api.preview(job.id) : null;
}

/** Recognises again with everything that was answered. */
export function answer(): void {
  s.choices.value = s.merged(s.choices.value, s.current.value?.questions ?? [], s.answers.value);
  void attempt((api) => follow(api, () => plan(api)));
}

/** Reads and checks all rows; another mode is another plan. */
export function check(): void {
  s.allowed.value = new Set();
  void attempt(async (api) => {
    const job = s.current.value!;
    if (job.mode !== s.mode.value || job.part !== s.part.value) {
      await follow(api, () => plan(api));
      if (s.current.value?.state !== 'planned') return;
    }
    await follow(api, () => api.check(job.id));
  });
}

/** Compares anew where the delivery is only a part, or is to remove nothing. */
export function checkAs(mode: Mode, part: string | null): void {
  batch(() => {
    s.mode.value = mode;
    s.part.value = part;
  });
  check();
}

export function commit(): void {
  void attempt((api) => follow(api, () => api.commit(s.current.value!.id, s.message.value, s.consent.value)));
}

/** Forgets what is shown, for the next delivery; `giveUp` also removes it from the server. */
export function startOver(giveUp: boolean): void {
  stop.abort();
  stop = new AbortController();
  const job = s.current.value;
  batch(() => {
    s.current.value = null;
    s.files.value = [];
    s.sent.value = {};
    s.waiting.value = null;
    s.failure.value = null;
    s.choices.value = [];
    s.answers.value = {};
    s.allowed.value = new Set();
    s.mode.value = 'replace';
    s.part.value = null;
    s.message.value = '';
    s.preview.value = null;
    s.lookAt.value = null;
  });
  // One that is at work just now stays; it is swept later.
  if (job && giveUp) void api?.remove(job.id).catch(() => {});
}

/** Saves a report as a file. */
export function saveReport(kind: 'html' | 'json' | 'gpkg'): void {
  void attempt(async (api) => {
    const id = s.current.value!.id;
    const url = URL.createObjectURL(await api.report(id, kind));
    const link = Object.assign(document.createElement('a'), { href: url, download: `report-${id}.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  });
}

export { say };
