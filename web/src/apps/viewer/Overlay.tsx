// What lies over the map when it is not just a map: loading, empty, failed, server away.

import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { messages } from '../../ui/i18n';
import * as control from './controller';
import * as s from './state';

export function Overlay() {
  const world = s.world.value;
  const m = messages.value;
  return (
    <>
      {(s.busy.value || world.kind === 'loading') && world.kind !== 'empty' && world.kind !== 'failed' && !s.away.value && (
        <div class="progress" role="progressbar" aria-label={m.loading} />
      )}
      {s.away.value && <AwayBanner away={s.away.value} />}
      {world.kind === 'loading' && !s.away.value && <p class="loading">{m.loading}</p>}
      {world.kind === 'empty' && (world.closed ? <Closed /> : <Empty />)}
      {world.kind === 'failed' && (
        <div class="card" role="alert">
          <Icon name="alert" size={32} />
          <h2>{m.failedTitle}</h2>
          <p>{world.reason}</p>
          <button type="button" class="button button-main" onClick={() => location.reload()}>{m.retry}</button>
        </div>
      )}
    </>
  );
}

function AwayBanner({ away }: { away: s.Away }) {
  const m = messages.value;
  const now = useSignal(Date.now());
  useEffect(() => {
    const clock = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  const seconds = away.retryAt === null ? 0 : Math.max(0, Math.ceil((away.retryAt - now.value) / 1000));
  return (
    <div class="banner" title={away.message}>
      <Icon name="alert" />
      {/* The countdown stays out of the alert, or a screen reader would read every second. */}
      <span role="alert"><strong>{m.awayTitle}</strong>{s.style.value && <span> {m.awayText}</span>}</span>
      <span class="banner-time">{away.retryAt === null ? m.retrying : m.awayIn(seconds)}</span>
      <button type="button" class="button button-main" disabled={away.retryAt === null} onClick={() => void control.retry()}>{m.retry}</button>
    </div>
  );
}

function Empty() {
  const m = messages.value;
  return (
    <div class="card card-wide" data-state="empty">
      <Icon name="layers" size={36} />
      <h2>{m.emptyTitle}</h2>
      <p>{m.emptyText}</p>
      <Command line="ditu sample delivery" what={m.emptySample} />
      <Command line="ditu import delivery" what={m.emptyImport} />
      <p class="hint"><span class="pulse" aria-hidden="true" />{m.emptyWait}</p>
    </div>
  );
}

function Closed() {
  const m = messages.value;
  return (
    <div class="card card-wide" data-state="closed">
      <Icon name="lock" size={36} />
      <h2>{m.closedTitle}</h2>
      <p>{m.closedText}</p>
      <Command line="ditu serve --public transport.road water.area" />
    </div>
  );
}

function Command({ line, what }: { line: string; what?: string }) {
  const m = messages.value;
  const copy = () => navigator.clipboard?.writeText(line).then(() => control.say(m.copied)).catch(() => control.say(line));
  return (
    <div class="command">
      <div>
        <code>{line}</code>
        {what && <span>{what}</span>}
      </div>
      <Button icon="copy" label={`${m.copy} ${line}`} onClick={() => void copy()} />
    </div>
  );
}
