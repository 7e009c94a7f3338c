// Sends files in pieces, one after the other, and goes on where the server stopped: after a break, a reload, a restart.

import { ApiError } from '../../api/client';
import type { ImportsApi, UploadedFile } from '../../api/imports';

/** A file that was chosen, with the path that it has in its folder. */
export interface Chosen {
  path: string;
  file: File;
}

const PIECE = 4 << 20;
/** Pauses between tries after a failure: the last one is repeated. */
const PAUSES_MS = [1_000, 2_000, 5_000, 10_000, 20_000];

export interface Sending {
  /** Bytes of this file that the server has. */
  sent(path: string, bytes: number): void;
  /** The network failed and it is tried again after a pause; null when it works again. */
  waiting(message: string | null): void;
}

type Api = Pick<ImportsApi, 'announce' | 'append'>;
type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export const sleep: Sleep = (ms, signal) =>
  new Promise((done, failed) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), failed(signal.reason)), { once: true });
  });

/** Tries until it works; gives up only when the server refuses or the reader does. */
async function again<T>(work: () => Promise<T>, sending: Sending, signal: AbortSignal, wait: Sleep): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      const result = await work();
      if (tries > 0) sending.waiting(null);
      return result;
    } catch (cause) {
      if (signal.aborted || !(cause instanceof ApiError) || cause.kind !== 'away' || cause.status === 507) throw cause;
      sending.waiting(cause.message);
      await wait(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]!, signal);
    }
  }
}

async function sendOne(api: Api, id: string, { path, file }: Chosen, sending: Sending, signal: AbortSignal, wait: Sleep): Promise<void> {
  let there: UploadedFile = await again(() => api.announce(id, path, file.size), sending, signal, wait);
  sending.sent(path, there.offset);
  while (there.offset < file.size) {
    const { n, offset } = there;
    try {
      there = await again(() => api.append(id, n, offset, file.slice(offset, offset + PIECE), signal), sending, signal, wait);
    } catch (cause) {
      // A piece that arrived although its answer was lost: the server says where it is.
      const at = cause instanceof ApiError && cause.status === 409 ? cause.problem['offset'] : undefined;
      if (typeof at !== 'number' || at === offset) throw cause;
      there = { ...there, offset: at };
    }
    sending.sent(path, there.offset);
  }
}

/** Sends all files; resolves when the server has every byte. */
export async function send(api: Api, id: string, files: Chosen[], sending: Sending, signal: AbortSignal, wait: Sleep = sleep): Promise<void> {
  for (const chosen of files) await sendOne(api, id, chosen, sending, signal, wait);
}

/** Files of a drop, folders opened. */
export async function dropped(items: DataTransferItemList): Promise<Chosen[]> {
  // The list is emptied when the event ends, so entries are taken at once.
  const entries = [...items].map((i) => i.webkitGetAsEntry()).filter((e) => e !== null);
  const found: Chosen[] = [];
  const open = async (entry: FileSystemEntry): Promise<void> => {
    const path = entry.fullPath.replace(/^\//, '');
    if (entry.isFile) {
      const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
      found.push({ path, file });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
      if (some.length === 0) return;
      for (const inner of some) await open(inner);
    }
  };
  for (const entry of entries) await open(entry);
  return worth(found);
}

/** What a file field gives. */
export function listed(files: FileList | null): Chosen[] {
  return worth([...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

/** Without what operating systems leave in folders. */
function worth(files: Chosen[]): Chosen[] {
  return files.filter(({ path }) => !/(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini|~\$[^/]*)(\/|$)/i.test(path));
}
