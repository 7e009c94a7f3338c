// The map beside the steps: where the data would lie under each answer, then problems and changes.

import { effect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Feature, FeatureCollection } from 'geojson';
import { collections as fetchCollections, style as fetchStyle } from '../../api/client';
import { lang, messages, say } from '../../ui/i18n';
import { boundsOf } from '../../map/bounds';
import { MapShell, type Bounds } from '../../map/shell';
import { COLORS } from './QuestionCard';
import * as s from './state';
import { words } from './words';

const KINDS = { sample: '#0072b2', problem: '#c62828', added: '#1a7f37', changed: '#b35900', removed: '#7b3fa0' } as const;
type Kind = keyof typeof KINDS;

/** Where the answers put the data; the chosen one alone once one is chosen. */
function guesses(): Feature[] {
  const open = s.current.value?.state === 'refused' ? s.current.value.questions.filter((q) => s.hasPlaces(q)) : [];
  return open.flatMap((q) => {
    const chosen = s.answers.value[s.nameOf(q)];
    const known = q.options.some((o) => o.value === chosen);
    return q.options.flatMap((o, i) =>
      known && o.value !== chosen
        ? []
        : o.sample.map((p): Feature => ({ type: 'Feature', geometry: { type: 'Point', coordinates: p }, properties: { color: COLORS[i % COLORS.length] } })),
    );
  });
}

/** What the check found, in colours, without the kinds that are switched off. Problems lie above changes. */
function found(): Feature[] {
  const features = (s.preview.value?.features ?? []).filter((f) => s.shown.value.has(String(f.properties?.['kind'])));
  const order = (f: Feature) => (f.properties?.['kind'] === 'problem' ? 1 : 0);
  return features.map((f) => ({ ...f, properties: { ...f.properties, color: KINDS[f.properties?.['kind'] as Kind] } })).sort((a, b) => order(a) - order(b));
}

function around(features: Feature[]): Bounds | null {
  const boxes = features.map((f) => boundsOf(f.geometry)).filter((b) => b !== null);
  if (boxes.length === 0) return null;
  return boxes.reduce((a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]);
}

/** A property that went through the map comes back as JSON text. */
function textOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  try {
    return say(JSON.parse(value) as { zh: string; en: string });
  } catch {
    return value;
  }
}

export function PlaceMap({ style }: { style: 'light' | 'dark' }) {
  const box = useRef<HTMLDivElement>(null);
  const shell = useRef<MapShell | null>(null);
  const [picked, setPicked] = useState<Record<string, unknown> | null>(null);
  const [broken, setBroken] = useState(false);
  const w = words.value;

  useEffect(() => {
    if (!box.current) return;
    try {
      shell.current = new MapShell(box.current, { lon: 111.69, lat: 29.05, zoom: 8 }, {
        moved: () => {},
        pointer: () => {},
        picked: (at) => setPicked(shell.current?.overlaid(at) ?? null),
        busy: () => {},
        failed: () => {},
        attribution: () => {},
      });
    } catch {
      // No WebGL 2: the lists say the same as the map.
      setBroken(true);
      return;
    }
    Object.assign(window, { ditu: { map: shell.current.map } });
    let last = '';
    const stop = effect(() => {
      const features = [...guesses(), ...found()];
      const all: FeatureCollection = { type: 'FeatureCollection', features };
      shell.current?.overlay(all);
      const frame = around(features);
      // The map is moved to new data, not when a kind is switched off.
      const what = `${s.current.value?.state} ${s.preview.value?.features.length ?? 0} ${s.current.value?.questions.length}`;
      if (frame && what !== last) shell.current?.fit(frame, false);
      last = what;
    });
    const look = effect(() => {
      const at = s.lookAt.value;
      if (at) shell.current?.goTo({ lon: at[0], lat: at[1] }, 17);
    });
    return () => {
      stop();
      look();
      shell.current?.remove();
      shell.current = null;
    };
  }, []);

  useEffect(() => {
    const leave = new AbortController();
    void Promise.all([fetchStyle(style, lang.value, leave.signal), fetchCollections(lang.value, leave.signal)])
      .then(([served, list]) => shell.current?.show(served, list, new Set(), lang.value === 'en'))
      .catch(() => {});
    if (shell.current) shell.current.label = w.mapLabel;
    return () => leave.abort();
  }, [style, lang.value]);

  const kinds = new Set((s.preview.value?.features ?? []).map((f) => String(f.properties?.['kind'])));
  const name: Record<Kind, string> = { sample: w.samplePlaces, problem: w.problemPlaces, added: w.added, changed: w.changed, removed: w.removed };
  const asking = s.current.value?.state === 'refused' && s.current.value.questions.some((q) => s.hasPlaces(q));
  return (
    <aside class="place" aria-label={w.map}>
      {broken ? <p class="card">{messages.value.noWebGl}</p> : <div class="map" id="map" ref={box} />}
      {asking && <p class="place-hint"><b>{w.previewMap}</b> {w.previewHint}</p>}
      {kinds.size > 0 && (
        <fieldset class="place-kinds">
          <legend class="visually-hidden">{w.map}</legend>
          {(Object.keys(KINDS) as Kind[]).filter((k) => kinds.has(k)).map((k) => (
            <label>
              <input
                type="checkbox"
                checked={s.shown.value.has(k)}
                onChange={(e) => {
                  const next = new Set(s.shown.value);
                  if (e.currentTarget.checked) next.add(k);
                  else next.delete(k);
                  s.shown.value = next;
                }}
              />
              <i class="swatch-dot" style={{ background: KINDS[k] }} />
              {name[k]}
            </label>
          ))}
        </fieldset>
      )}
      {picked && (
        <div class="place-picked card" role="status">
          <button type="button" class="text-button" onClick={() => setPicked(null)}>{messages.value.close}</button>
          <p><b>{name[picked['kind'] as Kind] ?? ''}</b> {textOf(picked['message'])}</p>
          <p class="note">{[picked['file'], picked['row'] === undefined || picked['row'] === null ? '' : w.row(Number(picked['row'])), textOf(picked['name']) || picked['key'], picked['layer']].filter(Boolean).join(' · ')}</p>
          <p class="note">{textOf(picked['cure'])}</p>
        </div>
      )}
    </aside>
  );
}
