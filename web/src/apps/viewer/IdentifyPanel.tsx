// What lies at the place that was picked: the hits as a list, the chosen one with all its fields.

import { useEffect, useRef } from 'preact/hooks';
import type { Hit } from '../../api/types';
import { degreesText } from '../../map/coords';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { distanceText, fieldText } from '../../ui/format';
import { lang, messages, say } from '../../ui/i18n';
import * as control from './controller';
import * as s from './state';

export function IdentifyPanel() {
  const now = s.selection.value;
  if (!now) return null;
  const m = messages.value;
  const hit = now.hits[now.index];
  return (
    <section class="identify" aria-label={m.identify}>
      <header class="panel-head">
        <h2>{m.identify}</h2>
        <span class="identify-at">{degreesText(now.at.lon)}, {degreesText(now.at.lat)}</span>
        <Button icon="close" label={m.close} onClick={control.unselect} />
      </header>
      <p class="visually-hidden" role="status">
        {now.state === 'asking' ? m.identifying : now.state === 'failed' ? m.identifyFailed : now.hits.length ? m.hits(now.hits.length) : m.nothingHere}
      </p>
      {now.state === 'asking' && <Asking />}
      {now.state === 'failed' && (
        <div class="identify-none">
          <Icon name="alert" size={22} />
          <p>{m.identifyFailed}</p>
          <p class="hint">{now.message}</p>
          <button type="button" class="button" onClick={() => void control.pick(now.at)}>{m.retry}</button>
        </div>
      )}
      {now.state === 'done' && now.hits.length === 0 && (
        <div class="identify-none">
          <Icon name="target" size={22} />
          <p>{m.nothingHere}</p>
          <p class="hint">{m.nothingHereHint}</p>
        </div>
      )}
      {now.hits.length > 1 && <HitList hits={now.hits} index={now.index} />}
      {hit && <Fields hit={hit} />}
    </section>
  );
}

function Asking() {
  return (
    <div class="bones" aria-hidden="true">
      {[70, 90, 55, 80, 65].map((w) => <span key={w} style={{ width: `${w}%` }} />)}
    </div>
  );
}

/** What tells a hit from its neighbours: its name or number, else its id. */
function nameOf(hit: Hit): string {
  const by = (names: RegExp) => hit.fields.find((f) => names.test(f.name) && f.value !== null && f.value !== '');
  const field = by(/^name$/) ?? by(/^(number|code|point_no|no)$/) ?? by(/(name|number|code|_no)$/) ?? hit.fields.find((f) => f.display && f.value !== null);
  return field ? fieldText(field, lang.value).text : `#${hit.id}`;
}

function HitList({ hits, index }: { hits: Hit[]; index: number }) {
  const m = messages.value;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector('[aria-current=true]')?.scrollIntoView({ block: 'nearest' }), [index]);
  return (
    <div class="hits">
      <div class="hits-head">
        <span>{m.hits(hits.length)}</span>
        <Button icon="chevron" class="flip" label={`${m.previous} ([)`} onClick={() => control.choose(index - 1)} />
        <span class="hits-index">{m.hitOf(index + 1, hits.length)}</span>
        <Button icon="chevron" label={`${m.next} (])`} onClick={() => control.choose(index + 1)} />
      </div>
      <ul ref={list} tabIndex={0} aria-label={m.identify}>
        {hits.map((hit, i) => (
          <li key={`${hit.layer}/${hit.id}`}>
            <button type="button" class="hit" aria-current={i === index} onClick={() => control.choose(i)}>
              <span class="hit-layer">{say(hit.title)}</span>
              <span class="hit-name">{nameOf(hit)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Fields({ hit }: { hit: Hit }) {
  const m = messages.value;
  return (
    <div class="fields" tabIndex={0} role="group" aria-label={say(hit.title)}>
      <div class="fields-head">
        <div>
          <p class="fields-layer">{say(hit.title)}{hit.distance_m > 0.05 && <span> · {m.away(distanceText(hit.distance_m, lang.value))}</span>}</p>
          <h3>{nameOf(hit)}</h3>
        </div>
        {hit.geometry && <Button icon="target" label={m.zoomToFeature} onClick={control.zoomToHit} />}
      </div>
      <dl>
        {hit.fields.map((field) => {
          const shown = fieldText(field, lang.value);
          return (
            <div key={field.name} class={shown.text === m.noValue ? 'no-value' : ''}>
              <dt title={field.name}>{say(field.title)}</dt>
              <dd>{shown.text}{shown.code && <small title={m.code(shown.code)}>{shown.code}</small>}</dd>
            </div>
          );
        })}
        <div class="no-value">
          <dt>{m.featureId}</dt>
          <dd>{hit.layer} / {String(hit.id)}</dd>
        </div>
      </dl>
    </div>
  );
}
