// One question with its answers. Each answer that puts the data somewhere has the colour that its places have on the map.

import { useState } from 'preact/hooks';
import type { Option, Question } from '../../api/imports';
import { say } from '../../ui/i18n';
import * as s from './state';
import { words } from './words';

/** Colours of answers, the same on card and map; told apart by those who see few colours. */
export const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** Where a list is long enough to be searched. */
const LONG = 8;

function answered(name: string, value: string): void {
  s.answers.value = { ...s.answers.value, [name]: value };
}

function Answer({ option, name, color, radio, titled }: { option: Option; name: string; color: string | null; radio: string; titled: boolean }) {
  const w = words.value;
  const title = say(option.label);
  return (
    <label>
      <input type="radio" name={radio} checked={s.answers.value[name] === option.value} onChange={() => answered(name, option.value)} />
      {color && <i class="swatch-dot" style={{ background: color }} />}
      <span>
        <b>{titled ? title : option.value}</b>
        {titled && <em><code>{option.value}</code></em>}
        {option.confidence !== null && <em>{w.fits(Math.round(option.confidence * 100))}</em>}
        {!titled && title !== option.value && <small>{title}</small>}
      </span>
    </label>
  );
}

export function QuestionCard({ question: q, index }: { question: Question; index: number }) {
  const w = words.value;
  const [search, setSearch] = useState('');
  const name = s.nameOf(q);
  const radio = `question-${index}`;
  const title = { crs: w.questionCrs, layer: w.questionLayer, encoding: w.questionEncoding, heights: w.questionHeights, nodata: w.questionNodata, units: w.questionUnits }[q.kind];
  const other = { crs: [w.otherCrs, w.otherCrsHint], heights: [w.otherHeights, w.otherHeightsHint], nodata: [w.otherNodata, w.otherNodataHint], layer: null, encoding: null, units: null }[q.kind];
  const known = q.options.some((o) => o.value === s.answers.value[name]);
  const found = q.options.filter((o) => !search || `${o.value} ${o.label.zh} ${o.label.en}`.toLowerCase().includes(search.toLowerCase()));
  return (
    <fieldset class="card choices question" data-kind={q.kind}>
      <legend><span class="tag">{title}</span> {q.file}{q.table && !q.file.includes(q.table) ? ` / ${q.table}` : ''}</legend>
      <p>{say(q.message)}</p>
      {q.options.length > LONG && (
        <input type="search" class="search" value={search} placeholder={w.searchLayer} aria-label={w.searchLayer} onInput={(e) => setSearch(e.currentTarget.value)} />
      )}
      <div class={q.options.length > LONG ? 'options long' : 'options'}>
        {found.map((o) => <Answer option={o} name={name} radio={radio} titled={q.kind === 'layer'} color={s.hasPlaces(q) ? COLORS[q.options.indexOf(o) % COLORS.length]! : null} />)}
      </div>
      {other && (
        <label class="other">
          <span>{other[0]}</span>
          <input type="text" placeholder={other[1]} value={known ? '' : (s.answers.value[name] ?? '')} onInput={(e) => answered(name, e.currentTarget.value)} />
        </label>
      )}
    </fieldset>
  );
}
