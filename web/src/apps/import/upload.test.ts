import { describe, expect, test, vi } from 'vitest';
import { ApiError } from '../../api/client';
import type { UploadedFile } from '../../api/imports';
import { listed, send, type Chosen } from './upload';

const now = async () => {};
const silent = { sent: () => {}, waiting: () => {} };
const chosen = (path: string, size: number): Chosen => ({ path, file: new File([new Uint8Array(size)], path) });

/** A server that keeps bytes and can be made to fail. */
function server() {
  const held = new Map<string, { size: number; bytes: number }>();
  const names: string[] = [];
  let fail: (() => Error | null) | null = null;
  const info = (n: number): UploadedFile => {
    const name = names[n]!;
    const { size, bytes } = held.get(name)!;
    return { n, name, size, offset: bytes };
  };
  return {
    held,
    failing: (f: () => Error | null) => (fail = f),
    announce: async (_: string, name: string, size: number) => {
      const cause = fail?.();
      if (cause) throw cause;
      if (!held.has(name)) {
        held.set(name, { size, bytes: 0 });
        names.push(name);
      }
      return info(names.indexOf(name));
    },
    append: async (_: string, n: number, offset: number, piece: Blob) => {
      const file = held.get(names[n]!)!;
      if (offset !== file.bytes) throw new ApiError('refused', 'offset', 409, { offset: file.bytes });
      const cause = fail?.();
      if (cause) throw cause;
      file.bytes += piece.size;
      return info(n);
    },
  };
}

const MB = 1 << 20;

describe('uploads', () => {
  test('every byte of every file arrives, in pieces', async () => {
    const api = server();
    const seen: [string, number][] = [];
    await send(api, 'x', [chosen('a.shp', 9 * MB), chosen('a.dbf', 10), chosen('空.prj', 0)], { ...silent, sent: (p, b) => seen.push([p, b]) }, new AbortController().signal, now);
    expect([...api.held.values()]).toEqual([{ size: 9 * MB, bytes: 9 * MB }, { size: 10, bytes: 10 }, { size: 0, bytes: 0 }]);
    expect(seen.filter(([p]) => p === 'a.shp').map(([, b]) => b)).toEqual([0, 4 * MB, 8 * MB, 9 * MB]);
  });

  test('a network that fails is waited for, with growing pauses, and said', async () => {
    const api = server();
    let left = 3;
    api.failing(() => (left-- > 0 ? new ApiError('away', 'gone') : null));
    const waiting = vi.fn();
    const pauses: number[] = [];
    await send(api, 'x', [chosen('a', 5)], { ...silent, waiting }, new AbortController().signal, async (ms) => void pauses.push(ms));
    expect(api.held.get('a')!.bytes).toBe(5);
    expect(pauses).toEqual([1_000, 2_000, 5_000]);
    expect(waiting.mock.calls).toEqual([['gone'], ['gone'], ['gone'], [null]]);
  });

  test('a piece whose answer was lost is not sent twice', async () => {
    const api = server();
    const plain = api.append;
    let lost = true;
    api.append = async (id, n, offset, piece) => {
      const answer = await plain(id, n, offset, piece);
      if (lost) {
        lost = false;
        throw new ApiError('away', 'lost');
      }
      return answer;
    };
    await send(api, 'x', [chosen('a', 6 * MB)], silent, new AbortController().signal, now);
    expect(api.held.get('a')!.bytes).toBe(6 * MB);
  });

  test('what was begun before goes on where it stopped', async () => {
    const api = server();
    await api.announce('x', 'a', 6 * MB);
    api.held.get('a')!.bytes = 5 * MB;
    const seen: number[] = [];
    await send(api, 'x', [chosen('a', 6 * MB)], { ...silent, sent: (_, b) => seen.push(b) }, new AbortController().signal, now);
    expect(seen).toEqual([5 * MB, 6 * MB]);
  });

  test('a refusal and a full disk end it; so does the reader', async () => {
    for (const cause of [new ApiError('refused', 'no', 400), new ApiError('away', 'full', 507)]) {
      const api = server();
      api.failing(() => cause);
      await expect(send(api, 'x', [chosen('a', 5)], silent, new AbortController().signal, now)).rejects.toBe(cause);
    }
    const api = server();
    api.failing(() => new ApiError('away', 'gone'));
    const stop = new AbortController();
    await expect(
      send(api, 'x', [chosen('a', 5)], silent, stop.signal, async () => {
        stop.abort();
        throw stop.signal.reason;
      }),
    ).rejects.toThrow();
  });

  test('leftovers of operating systems are not sent', () => {
    const files = ['a.shp', '.DS_Store', 'x/Thumbs.db', '__MACOSX/a.shp', '~$表.xlsx', '表.xlsx'].map((name) => {
      const file = new File(['x'], name.split('/').pop()!);
      Object.defineProperty(file, 'webkitRelativePath', { value: name });
      return file;
    });
    expect(listed(files as unknown as FileList).map((c) => c.path)).toEqual(['a.shp', '表.xlsx']);
  });
});
