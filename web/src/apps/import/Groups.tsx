// What was found, by rule: how often, where, what to do. A place can be looked at on the map.

import type { Example, Group, Severity } from '../../api/imports';
import { say } from '../../ui/i18n';
import * as s from './state';
import { words } from './words';

const MOST = 20;

function where(e: Example): string {
  const w = words.value;
  return [e.file, e.row === null ? null : w.row(e.row), e.field, e.key].filter(Boolean).join(' · ');
}

function One({ group, open }: { group: Group; open: boolean }) {
  const w = words.value;
  const name: Record<Severity, string> = { error: w.errors, warning: w.warnings, note: w.notes };
  const first = group.examples[0];
  return (
    <details class={`group ${group.severity}`} open={open}>
      <summary>
        <span class={`tag ${group.severity}`}>{name[group.severity]}</span>
        <span class="what">{first ? say(first.message) : group.rule}</span>
        <span class="note">{w.times(group.count)}</span>
      </summary>
      <p class="note"><code>{group.rule}</code>{group.layer && <> · <code>{group.layer}</code></>}</p>
      <ul>
        {group.examples.slice(0, MOST).map((e) => (
          <li>
            <span>
              <b>{where(e)}</b> {say(e.message)}
              <small>{say(e.cure)}</small>
            </span>
            {e.at && <button type="button" class="text-button" onClick={() => (s.lookAt.value = [...e.at!])}>{w.zoomToProblem}</button>}
          </li>
        ))}
      </ul>
      {group.count > MOST && <p class="note">{w.firstOf(Math.min(MOST, group.examples.length), group.count)}</p>}
    </details>
  );
}

export function Groups({ groups }: { groups: Group[] }) {
  const w = words.value;
  // What to do about it is said inside.
  const firstError = groups.find((g) => g.severity === 'error');
  return (
    <section class="card groups">
      <h2>{w.problems}</h2>
      {groups.length === 0 ? <p>{w.noProblems}</p> : groups.map((g) => <One key={`${g.rule} ${g.layer} ${g.severity}`} group={g} open={g === firstError} />)}
    </section>
  );
}
