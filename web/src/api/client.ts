// The one place that talks to the server. Paths are relative to the page, so Ditu also runs below a prefix.

import type { StyleSpecification } from 'maplibre-gl';
import type { City, Collection, Hit } from './types';

/** Why a request failed: by what the page does next, not by status code. */
export class ApiError extends Error {
  constructor(
    /** `away`: no answer, try again later. `refused`: the server answered and will say the same again. */
    readonly kind: 'away' | 'refused',
    message: string,
    readonly status = 0,
    /** The problem document, where the server gave one. */
    readonly problem: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 20_000;

/** The address of a server path for this page. */
export function address(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** What a request is made of beside its path. */
export interface Asking {
  lang: string;
  signal?: AbortSignal | undefined;
  method?: string;
  headers?: Record<string, string>;
  body?: BodyInit;
}

/** Asks, and turns every failure into an `ApiError`; an abort by the caller stays an abort. */
export async function ask(path: string, { lang, signal, method = 'GET', headers = {}, body }: Asking): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(address(path), {
      method,
      headers: { accept: 'application/json', 'accept-language': lang, ...headers },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError('away', cause instanceof Error ? cause.message : String(cause));
  }
  if (!response.ok) {
    // Problem documents (RFC 9457) carry a sentence for people in `detail`.
    const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
    const kind = response.status >= 500 || response.status === 429 ? 'away' : 'refused';
    throw new ApiError(kind, problem.detail ?? problem.title ?? `HTTP ${response.status}`, response.status, problem);
  }
  return response;
}

async function getJson<T>(path: string, lang: string, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, { lang, signal });
  try {
    return (await response.json()) as T;
  } catch {
    // A proxy's HTML page with status 200 is a server that is not there.
    throw new ApiError('away', `${path}: not JSON`, response.status);
  }
}

/** The city: its name, where it lies, where maps open, its plane coordinates. */
export function city(lang: string, signal?: AbortSignal): Promise<City> {
  return getJson<City>('city', lang, signal);
}

/** Every layer that this reader may see, in the server's order. */
export async function collections(lang: string, signal?: AbortSignal): Promise<Collection[]> {
  return (await getJson<{ collections: Collection[] }>('collections', lang, signal)).collections;
}

/** A finished style, hosts filled in. */
export function style(name: string, lang: string, signal?: AbortSignal): Promise<StyleSpecification> {
  return getJson<StyleSpecification>(`styles/${encodeURIComponent(name)}`, lang, signal);
}

/** What lies at a place, nearest first. */
export async function identify(
  at: { lon: number; lat: number; zoom: number },
  layers: string[],
  lang: string,
  signal?: AbortSignal,
): Promise<Hit[]> {
  const query = new URLSearchParams({
    lon: at.lon.toFixed(8),
    lat: at.lat.toFixed(8),
    z: at.zoom.toFixed(2),
    layers: layers.join(','),
  });
  return (await getJson<{ features: Hit[] }>(`identify?${query}`, lang, signal)).features;
}
