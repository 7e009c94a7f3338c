// The layers by theme: an eye for each theme and layer, the legend below. Arrow keys move between the eyes.

import { computed, signal } from '@preact/signals';
import type { Collection } from '../../api/types';
import type { LegendEntry } from '../../map/legend';
import { swatchSvg } from '../../map/swatch';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { messages, say } from '../../ui/i18n';
import { recall, remember } from '../../ui/memory';
import * as control from './controller';
import * as s from './state';

/** Themes and layers that are folded; remembered. Themes begin open, legends of many classes closed. */
const folded = signal<ReadonlySet<string>>(new Set((recall('folded') ?? '').split(',').filter(Boolean)));
/** Whole zooms only: the tree must not be drawn again for every frame of a zoom. */
const wholeZoom = computed(() => Math.floor(s.camera.value.zoom + 0.01));

function fold(id: string): void {
  const next = new Set(folded.value);
  if (!next.delete(id)) next.add(id);
  folded.value = next;
  remember('folded', [...next].join());
}

export function LayerPanel() {
  const m = messages.value;
  const all = s.filled.value.map((c) => c.id);
  return (
    <aside class="panel" aria-label={m.layers} onKeyDown={walk}>
      <header class="panel-head">
        <h2>{m.layers}</h2>
        <button type="button" class="text-button" onClick={() => control.toggle(all, true)}>{m.showAll}</button>
        <button type="button" class="text-button" onClick={() => control.toggle(all, false)}>{m.hideAll}</button>
        <Button icon="close" label={m.hideLayers} onClick={() => control.setPanel(false)} />
      </header>
      <ul class="themes">
        {s.themes.value.map((theme) => <Theme key={theme.id} theme={theme} />)}
      </ul>
    </aside>
  );
}

/** Up and down go from eye to eye, as in a list; Tab still reaches everything. */
function walk(event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const from = (event.target as HTMLElement).closest('.eye');
  if (!step || !from) return;
  const eyes = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('.eye:not(:disabled)')];
  eyes[eyes.indexOf(from as HTMLElement) + step]?.focus();
  event.preventDefault();
}

function Theme({ theme }: { theme: s.ThemeGroup }) {
  const m = messages.value;
  const title = say(theme.title);
  const usable = theme.layers.filter((c) => c.count > 0);
  const shown = usable.filter((c) => !s.hidden.value.has(c.id)).length;
  const open = !folded.value.has(theme.id);
  return (
    <li class="theme" data-theme={theme.id}>
      <div class="theme-row">
        <button
          type="button"
          class="fold"
          aria-expanded={open}
          aria-label={open ? m.fold(title) : m.unfold(title)}
          onClick={() => fold(theme.id)}
        >
          <Icon name="chevron" size={14} />
        </button>
        <h3 class="theme-title" onClick={() => fold(theme.id)}>{title}</h3>
        <span class="count">{usable.length > 0 && m.layerCount(shown, usable.length)}</span>
        <Eye
          label={m.showTheme(title)}
          state={shown === 0 ? 'off' : shown === usable.length ? 'on' : 'mixed'}
          disabled={usable.length === 0}
          onToggle={(on) => control.toggle(usable.map((c) => c.id), on)}
        />
      </div>
      {open && <ul class="layers">{theme.layers.map((c) => <Layer key={c.id} layer={c} />)}</ul>}
    </li>
  );
}

function Layer({ layer }: { layer: Collection }) {
  const m = messages.value;
  const title = say(layer.title);
  const entries = s.legends.value.get(layer.id) ?? [];
  const empty = layer.count === 0;
  const shown = !s.hidden.value.has(layer.id) && !empty;
  const classes = entries.length > 1;
  // Many classes would push the other layers out of sight: they open on demand.
  const key = `legend:${layer.id}`;
  const open = classes && folded.value.has(key);
  const from = Math.ceil(Math.max(layer.minzoom, Math.min(...entries.map((e) => e.minzoom), 99)));
  const far = !empty && entries.length > 0 && wholeZoom.value < from;
  const note = empty ? m.noFeatures : entries.length === 0 ? m.notDrawn : far ? m.fromZoomShort(from) : '';
  return (
    <li class={`layer ${shown ? '' : 'is-off'} ${far ? 'is-far' : ''}`} data-layer={layer.id}>
      <div class="layer-row">
        {classes ? (
          <button type="button" class="fold" aria-expanded={open} aria-label={m.legendOf(title)} onClick={() => fold(key)}>
            <Icon name="chevron" size={12} />
          </button>
        ) : (
          <span class="fold" />
        )}
        <Box layer={layer} entry={entries[0]} />
        <button
          type="button"
          class="layer-title"
          disabled={!layer.extent}
          title={[m.featureCount(layer.count), far ? m.fromZoom(from) : note, layer.extent ? m.zoomToLayer : ''].filter(Boolean).join('\n')}
          onClick={() => control.zoomToLayer(layer)}
        >
          {title}
        </button>
        {layer.sharing !== 'open' && (
          <span class="lock" role="img" aria-label={layer.sharing === 'private' ? m.private : m.restricted} title={layer.sharing === 'private' ? m.private : m.restricted}>
            <Icon name="lock" size={13} />
          </span>
        )}
        <span class="note">{note}</span>
        <Eye label={m.show(title)} state={shown ? 'on' : 'off'} disabled={empty} onToggle={(on) => control.toggle([layer.id], on)} />
      </div>
      {open && (
        <ul class="legend">
          {entries.map((entry) => (
            <li key={entry.codes[0]} class={wholeZoom.value < entry.minzoom ? 'is-far' : ''} title={wholeZoom.value < entry.minzoom ? m.fromZoom(entry.minzoom) : undefined}>
              <Box layer={layer} entry={entry} />
              <span>{say(entry.label)}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function Box({ layer, entry }: { layer: Collection; entry: LegendEntry | undefined }) {
  if (!entry) return <span class="swatch" />;
  // Our own SVG text; colours in it come from the style and are escaped there.
  return <span class="swatch" dangerouslySetInnerHTML={{ __html: swatchSvg(entry.swatch, layer.geometry, s.icons.value) }} />;
}

interface EyeProps {
  label: string;
  state: 'on' | 'off' | 'mixed';
  disabled: boolean;
  onToggle: (on: boolean) => void;
}

function Eye({ label, state, disabled, onToggle }: EyeProps) {
  return (
    <button
      type="button"
      role="checkbox"
      class="eye"
      aria-checked={state === 'mixed' ? 'mixed' : state === 'on'}
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={() => onToggle(state !== 'on')}
    >
      <Icon name={state === 'on' ? 'eye' : state === 'off' ? 'eyeOff' : 'part'} size={17} />
    </button>
  );
}
