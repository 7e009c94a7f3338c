// Step 3: what the rows are worth, what would change, and the button that does it.

import type { Import } from '../../api/imports';
import { locale, say } from '../../ui/i18n';
import * as control from './controller';
import { AskCard } from './AskCard';
import { Groups } from './Groups';
import * as s from './state';
import { words } from './words';

/** A bar of rows done; without an end where their number is not known. */
export function Rows({ job, text }: { job: Import; text: string }) {
  const { read, total } = job.progress;
  return (
    <section class="card">
      <p>{text}</p>
      {total > 0 ? <progress value={Math.min(read, total)} max={total} aria-label={text} /> : <progress aria-label={text} />}
      <p class="note" role="status">{words.value.progressRows(read, total)}</p>
    </section>
  );
}

function Counts() {
  const w = words.value;
  const n = (v: number) => v.toLocaleString(locale.value);
  const all = Object.values(s.current.value?.layers ?? {}).reduce((sum, l) => sum + l.read, 0);
  return (
    <dl class="counts">
      <div><dt>{w.readRows}</dt><dd>{n(all)}</dd></div>
      <div class="good"><dt>{w.goodRows}</dt><dd>{n(s.goodRows.value)}</dd></div>
      <div class={s.badRows.value ? 'bad' : ''}><dt>{w.badRows}</dt><dd>{n(s.badRows.value)}</dd></div>
    </dl>
  );
}

function Changes({ job }: { job: Import }) {
  const w = words.value;
  const n = (v: number) => v.toLocaleString(locale.value);
  return (
    <section class="card">
      <h2>{w.changes}</h2>
      {job.diff.length === 0 ? (
        <p>{w.noChange}</p>
      ) : (
        <table class="diff">
          <thead><tr><th>{w.layer}</th><th>{w.added}</th><th>{w.changed}</th><th>{w.removed}</th></tr></thead>
          <tbody>
            {job.diff.map((d) => (
              <tr><td>{say(d.title)} <code>{d.layer}</code></td><td class="added">+{n(d.added)}</td><td class="changed">{n(d.changed)}</td><td class="removed">−{n(d.removed)}</td></tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

export function Reports() {
  const w = words.value;
  return (
    <p class="reports">
      <span>{w.reports}：</span>
      <button type="button" class="text-button" onClick={() => control.saveReport('html')}>{w.reportHtml}</button>
      <button type="button" class="text-button" onClick={() => control.saveReport('gpkg')}>{w.reportGpkg}</button>
      <button type="button" class="text-button" onClick={() => control.saveReport('json')}>{w.reportJson}</button>
    </p>
  );
}

function CommitForm() {
  const w = words.value;
  return (
    <form class="card commit" onSubmit={(e) => (e.preventDefault(), control.commit())}>
      <label for="message">{w.message}</label>
      <input id="message" type="text" value={s.message.value} placeholder={w.messageHint} onInput={(e) => (s.message.value = e.currentTarget.value)} />
      <div class="row end">
        <button type="button" class="button edged" onClick={() => control.startOver(true)}>{w.remove}</button>
        <button type="submit" class="button button-main" id="commit" disabled={s.asking.value.length > 0}>{w.commitGo}</button>
      </div>
    </form>
  );
}

export function CheckStep() {
  const w = words.value;
  const job = s.current.value!;
  if (job.state === 'working') return <Rows job={job} text={w.checking} />;
  return (
    <>
      <section class="card"><Counts /><Reports /></section>
      {job.state === 'checked' && <Changes job={job} />}
      {job.state === 'checked' && job.asks.map((ask) => <AskCard ask={ask} />)}
      <Groups groups={job.groups} />
      {job.state === 'checked' ? (
        <CommitForm />
      ) : (
        <div class="row end">
          {job.state === 'refused' && <span class="note">{w.nothingGood}</span>}
          <button type="button" class="button edged" onClick={() => control.startOver(true)}>{w.startOver}</button>
        </div>
      )}
    </>
  );
}
