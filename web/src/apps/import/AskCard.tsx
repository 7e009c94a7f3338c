// Something that a commit would take away: how much of how much, and the ways on.

import type { Ask } from '../../api/imports';
import { say } from '../../ui/i18n';
import * as control from './controller';
import * as s from './state';
import { words } from './words';

export function AskCard({ ask }: { ask: Ask }) {
  const w = words.value;
  const name = s.askName(ask);
  const title = { removal: w.askRemoval, emptying: w.askEmptying, reverting: w.askReverting }[ask.kind];
  const allow = { removal: w.allowRemoval, emptying: w.allowEmptying, reverting: w.allowReverting }[ask.kind](ask.count);
  const toggle = (on: boolean) => {
    const next = new Set(s.allowed.value);
    if (on) next.add(name);
    else next.delete(name);
    s.allowed.value = next;
  };
  return (
    <fieldset class="card choices question ask" data-kind={ask.kind}>
      <legend><span class="tag">{title}</span> {say(ask.title)} <code>{ask.layer}</code></legend>
      <p>{say(ask.message)}</p>
      <div class="options">
        <label>
          <input type="checkbox" checked={s.allowed.value.has(name)} onChange={(e) => toggle(e.currentTarget.checked)} />
          <span>{allow}</span>
        </label>
      </div>
      {ask.kind === 'removal' && (
        <div class="row">
          <button type="button" class="button edged" onClick={() => control.checkAs('replace', 'area')}>{w.onlyArea}</button>
          <button type="button" class="button edged" onClick={() => control.checkAs('upsert', null)}>{w.onlyUpdate}</button>
        </div>
      )}
    </fieldset>
  );
}
