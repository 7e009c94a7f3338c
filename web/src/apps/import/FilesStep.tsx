// Step 1: files dropped or chosen, and how far they have come.

import { useRef, useState } from 'preact/hooks';
import { lang, locale } from '../../ui/i18n';
import * as control from './controller';
import * as s from './state';
import { dropped, listed } from './upload';
import { words } from './words';

/** Bytes as people read them. */
export function bytes(n: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let i = 0;
  while (n >= 1000 && i < 3) {
    n /= 1024;
    i++;
  }
  return `${n.toLocaleString(locale.value, { maximumFractionDigits: i === 0 ? 0 : 1 })} ${units[i]}`;
}

function Earlier() {
  const w = words.value;
  const list = s.earlier.value;
  if (list.length === 0) return null;
  return (
    <section class="card">
      <h2>{w.resumeTitle}</h2>
      <ul class="earlier">
        {list.slice(0, 5).map((job) => (
          <li>
            <span>
              {job.files[0]!.name}
              <small>{w.resumeText(new Date(job.created).toLocaleString(locale.value), job.files.length)}</small>
            </span>
            <button type="button" class="button" onClick={() => control.resume(job)}>{w.resumeGo}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function FilesStep() {
  const w = words.value;
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const chosen = s.files.value;
  const all = chosen.reduce((n, c) => n + c.file.size, 0);
  const done = chosen.reduce((n, c) => n + Math.min(s.sent.value[c.path] ?? 0, c.file.size), 0);
  const unfinished = !s.sending.value && (s.current.value?.files ?? []).some((f) => f.offset < f.size);
  return (
    <>
      <section
        class={`drop ${over ? 'over' : ''}`}
        aria-label={w.dropTitle}
        onDragOver={(e) => (e.preventDefault(), setOver(true))}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          if (e.dataTransfer) void dropped(e.dataTransfer.items).then(control.take);
        }}
      >
        <svg width="56" height="56" viewBox="0 0 56 56" aria-hidden="true" class="drop-picture">
          <path d="M10 38v8h36v-8M28 8v28M17 25l11 11 11-11" />
        </svg>
        <h2>{w.dropTitle}</h2>
        <p>{w.dropText}</p>
        {unfinished && <p class="form-wrong" role="status">{w.resumeMissing}</p>}
        <div class="row">
          <button type="button" class="button button-main" onClick={() => files.current?.click()}>{w.chooseFiles}</button>
          <button type="button" class="button edged" onClick={() => folder.current?.click()}>{w.chooseFolder}</button>
        </div>
        <small>{w.formats}</small>
        <input ref={files} id="files" type="file" multiple hidden onChange={(e) => (control.take(listed(e.currentTarget.files)), (e.currentTarget.value = ''))} />
        <input ref={folder} id="folder" type="file" hidden {...{ webkitdirectory: true }} onChange={(e) => (control.take(listed(e.currentTarget.files)), (e.currentTarget.value = ''))} />
      </section>
      {chosen.length > 0 && (
        <section class="card" lang={lang.value}>
          <h2>{w.chosen(chosen.length, bytes(all))}</h2>
          <progress value={done} max={Math.max(all, 1)} aria-label={w.uploading} />
          <p role="status">{s.waiting.value ? `${w.networkGone}（${s.waiting.value}）` : w.sent(bytes(done), bytes(all))}</p>
          <ul class="files">
            {chosen.slice(0, 200).map((c) => {
              const part = s.sent.value[c.path] ?? 0;
              return (
                <li>
                  <span>{c.path}</span>
                  <small>{part >= c.file.size && s.sent.value[c.path] !== undefined ? w.uploaded : bytes(c.file.size)}</small>
                </li>
              );
            })}
          </ul>
          <button type="button" class="button edged" onClick={() => control.startOver(true)}>{w.cancel}</button>
        </section>
      )}
      {!s.current.value && <Earlier />}
    </>
  );
}
