// Deliveries over HTTP: what the import page says to the server. Every call carries the operator's token.

import type { FeatureCollection } from 'geojson';
import { ask } from './client';
import type { Text } from './types';

export type State = 'open' | 'working' | 'planned' | 'refused' | 'checked' | 'committed' | 'failed';
export type Step = 'plan' | 'check' | 'commit';
export type Mode = 'replace' | 'upsert' | 'append';
export type Severity = 'error' | 'warning' | 'note';

/** A file of a delivery; `offset` is how many of its bytes the server has. */
export interface UploadedFile {
  n: number;
  name: string;
  size: number;
  offset: number;
}

/** A table as recognised. */
export interface Dataset {
  file: string;
  table: string;
  format: string;
  layer: string;
  layer_title: Text | null;
  features: number;
  encoding: string | null;
  encoding_evidence: Text | null;
  crs: string;
  epsg: number | null;
  crs_evidence: Text;
  heights: Text | null;
  transformation: string;
  mapping: { column: string; field: string; title: Text | null }[];
  unused: string[];
}

/** One possible answer; `bounds` and `sample` in degrees, where the data would lie. */
export interface Option {
  value: string;
  label: Text;
  confidence: number | null;
  bounds: [number, number, number, number] | null;
  sample: [number, number][];
}

export interface Question {
  file: string;
  table: string | null;
  kind: 'crs' | 'layer' | 'encoding' | 'heights' | 'nodata' | 'units';
  message: Text;
  options: Option[];
}

/** An answer to a question about the same file and table. */
export interface Choice {
  file: string;
  table: string | null;
  layer?: string;
  crs?: string;
  encoding?: string;
  heights?: string;
  units?: string;
  nodata?: string;
}

export interface Example {
  message: Text;
  cure: Text;
  file: string | null;
  row: number | null;
  field: string | null;
  key: string | null;
  at: [number, number] | null;
  value: string | null;
}

/** All findings of one rule in one layer; the first hundred are given. */
export interface Group {
  rule: string;
  severity: Severity;
  layer: string | null;
  count: number;
  examples: Example[];
}

/** A delivery on its way. */
export interface Import {
  id: string;
  created: string;
  state: State;
  step: Step | null;
  progress: { read: number; total: number };
  mode: Mode;
  message: string;
  files: UploadedFile[];
  datasets: Dataset[];
  questions: Question[];
  groups: Group[];
  layers: Record<string, { read: number; committed: number; quarantined: number }>;
  diff: { layer: string; title: Text | null; added: number; changed: number; removed: number }[];
  revision: number | null;
  error: Text | null;
}

/** The server for one holder of the token. `lang` is read at each call. */
export class ImportsApi {
  constructor(
    private readonly token: string,
    private readonly lang: () => string,
  ) {}

  private async ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (body === undefined) return ask(path, { method, headers, lang: this.lang(), signal });
    headers['content-type'] = 'application/json';
    return ask(path, { method, headers, lang: this.lang(), signal, body: JSON.stringify(body) });
  }

  private async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await (await this.ask(method, path, body)).json()) as T;
  }

  async list(): Promise<Import[]> {
    return (await this.json<{ imports: Import[] }>('GET', 'imports')).imports;
  }
  create = (): Promise<Import> => this.json('POST', 'imports', {});
  get = (id: string): Promise<Import> => this.json('GET', `imports/${id}`);
  async remove(id: string): Promise<void> {
    await this.ask('DELETE', `imports/${id}`);
  }
  announce = (id: string, name: string, size: number): Promise<UploadedFile> => this.json('POST', `imports/${id}/files`, { name, size });
  file = (id: string, n: number): Promise<UploadedFile> => this.json('GET', `imports/${id}/files/${n}`);

  /** The next piece of a file; a 409 says in `problem.offset` where to go on. */
  async append(id: string, n: number, offset: number, piece: Blob, signal: AbortSignal): Promise<UploadedFile> {
    const headers = { authorization: `Bearer ${this.token}`, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
    const response = await ask(`imports/${id}/files/${n}`, { method: 'PATCH', headers, lang: this.lang(), signal, body: piece });
    return (await response.json()) as UploadedFile;
  }
  plan = (id: string, choices: Choice[], mode: Mode): Promise<Import> => this.json('POST', `imports/${id}/plan`, { choices, mode });
  check = (id: string): Promise<Import> => this.json('POST', `imports/${id}/check`, {});
  commit = (id: string, message: string, min_match: number | null): Promise<Import> => this.json('POST', `imports/${id}/commit`, { message, min_match });
  preview = (id: string): Promise<FeatureCollection> => this.json('GET', `imports/${id}/preview`);

  /** A report as a file to keep. */
  async report(id: string, kind: 'html' | 'json' | 'gpkg'): Promise<Blob> {
    return (await this.ask('GET', `imports/${id}/report.${kind}`)).blob();
  }
}
