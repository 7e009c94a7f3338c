// Step 4: into the store, and what came of it.

import { Icon } from '../../ui/Icon';
import { locale, say } from '../../ui/i18n';
import { Reports, Rows } from './CheckStep';
import * as control from './controller';
import * as s from './state';
import { words } from './words';

/** A link to the map where the new data lie. */
function mapLink(): string {
  const points = (s.preview.value?.features ?? []).flatMap((f) => (f.geometry.type === 'Point' ? [f.geometry.coordinates] : []));
  const from = points[0] ?? firstCoordinate();
  return from ? `./#map=15/${from[1]!.toFixed(5)}/${from[0]!.toFixed(5)}` : './';
}

function firstCoordinate(): number[] | null {
  const geometry = s.preview.value?.features.find((f) => f.properties?.['kind'] !== 'problem')?.geometry;
  if (!geometry || geometry.type === 'GeometryCollection') return null;
  let at: unknown = geometry.coordinates;
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0];
  return Array.isArray(at) ? (at as number[]) : null;
}

export function CommitStep() {
  const w = words.value;
  const job = s.current.value!;
  if (job.state === 'working') return <Rows job={job} text={w.committing} />;
  if (job.state !== 'committed') {
    return (
      <div class="row end">
        <button type="button" class="button edged" onClick={() => control.startOver(true)}>{w.startOver}</button>
        <button type="button" class="button button-main" onClick={control.commit}>{w.retry}</button>
      </div>
    );
  }
  const n = (v: number) => v.toLocaleString(locale.value);
  return (
    <>
      <section class="card done" role="status">
        <Icon name="check" />
        <h2>{w.committedTitle}</h2>
        <p class="revision">{job.revision !== null && w.committedText(job.revision)}</p>
        <ul>
          {job.diff.map((d) => <li>{say(d.title)}：+{n(d.added)} ~{n(d.changed)} −{n(d.removed)}</li>)}
        </ul>
        {job.diff.length === 0 && <p>{w.noChange}</p>}
        {s.badRows.value > 0 && <p class="form-wrong">{w.quarantined(s.badRows.value)}</p>}
        <Reports />
      </section>
      <div class="row end">
        <a class="button edged" href={mapLink()}>{w.viewOnMap}</a>
        <button type="button" class="button button-main" onClick={() => control.startOver(false)}>{w.another}</button>
      </div>
    </>
  );
}
