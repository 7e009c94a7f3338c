// Step 2: what the files are, and what only a person can say.

import type { Dataset, Mode } from '../../api/imports';
import { say } from '../../ui/i18n';
import * as control from './controller';
import { Groups } from './Groups';
import { QuestionCard } from './QuestionCard';
import * as s from './state';
import { words } from './words';

function Table({ d }: { d: Dataset }) {
  const w = words.value;
  return (
    <article class="card dataset">
      <header>
        <h3>{d.table && !d.file.includes(d.table) ? `${d.file} / ${d.table}` : d.file}</h3>
        <span class="tag">{d.format}</span>
        {d.features > 0 && <span class="note">{w.rows(d.features)}</span>}
      </header>
      <dl>
        <dt>{w.layer}</dt>
        <dd><b>{say(d.layer_title)}</b> <code>{d.layer}</code></dd>
        <dt>{w.crs}</dt>
        <dd>{d.crs}<small>{say(d.crs_evidence)}</small></dd>
        {d.heights && (
          <>
            <dt>{w.heights}</dt>
            <dd>{say(d.heights)}</dd>
          </>
        )}
        {d.coordinates && (
          <>
            <dt>{w.questionCoordinates}</dt>
            <dd>{say(d.coordinates)}</dd>
          </>
        )}
        {d.encoding && (
          <>
            <dt>{w.encoding}</dt>
            <dd>{d.encoding}<small>{say(d.encoding_evidence)}</small></dd>
          </>
        )}
      </dl>
      <details>
        <summary>{w.mapping}（{d.mapping.length}）</summary>
        <table class="mapping">
          <tbody>
            {d.mapping.map((m) => <tr><td>{m.column}</td><td aria-hidden="true">→</td><td>{say(m.title) || m.field} <code>{m.field}</code></td></tr>)}
          </tbody>
        </table>
        {d.unused.length > 0 && <p class="note">{w.unusedColumns}：{d.unused.join('、')}</p>}
        <p class="note">{w.transformation}：{d.transformation}</p>
      </details>
    </article>
  );
}

function ModeChoice() {
  const w = words.value;
  const all: [Mode, string, string][] = [
    ['replace', w.modeReplace, w.modeReplaceText],
    ['upsert', w.modeUpsert, w.modeUpsertText],
    ['append', w.modeAppend, w.modeAppendText],
  ];
  return (
    <fieldset class="card choices">
      <legend>{w.mode}</legend>
      {all.map(([value, name, text]) => (
        <label>
          <input type="radio" name="mode" value={value} checked={s.mode.value === value} onChange={() => (s.mode.value = value)} />
          <span><b>{name}</b><small>{text}</small></span>
        </label>
      ))}
    </fieldset>
  );
}

function StartOver() {
  return <button type="button" class="button edged" onClick={() => control.startOver(true)}>{words.value.startOver}</button>;
}

export function RecogniseStep() {
  const w = words.value;
  const job = s.current.value!;
  if (job.state === 'working') {
    return <section class="card" role="status"><p>{w.planning}</p><progress aria-label={w.planning} /></section>;
  }
  const questions = job.questions;
  const planned = job.state === 'planned';
  return (
    <>
      {questions.length > 0 && (
        <form class="questions" onSubmit={(e) => (e.preventDefault(), control.answer())}>
          <h2>{w.questionsTitle(questions.length)}</h2>
          {questions.map((q, i) => <QuestionCard key={s.nameOf(q)} question={q} index={i} />)}
          <div class="row end">
            {s.unanswered.value.length > 0 && <span class="note">{w.answerAll}</span>}
            <StartOver />
            <button type="submit" class="button button-main" disabled={s.unanswered.value.length > 0}>{w.answerGo}</button>
          </div>
        </form>
      )}
      {!planned && questions.length === 0 && <section class="card"><h2>{w.cannotTitle}</h2><p>{w.cannotText}</p></section>}
      {job.datasets.length > 0 && (
        <section>
          <h2>{w.recognised(job.datasets.length)}</h2>
          {job.datasets.map((d) => <Table d={d} />)}
        </section>
      )}
      {(planned || questions.length === 0) && job.groups.length > 0 && <Groups groups={job.groups} />}
      {planned && <ModeChoice />}
      {questions.length === 0 && (
        <div class="row end">
          <StartOver />
          {planned && <button type="button" class="button button-main" onClick={control.check}>{w.checkGo}</button>}
        </div>
      )}
    </>
  );
}
