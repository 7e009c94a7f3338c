// The page: bar, layer panel, stage with the map, status bar, and what may lie over them.

import { useEffect, useRef } from 'preact/hooks';
import { messages } from '../../ui/i18n';
import { listen } from '../../ui/keys';
import * as control from './controller';
import { Bar } from './Bar';
import { HelpDialog } from './HelpDialog';
import { IdentifyPanel } from './IdentifyPanel';
import { LayerPanel } from './LayerPanel';
import { Overlay } from './Overlay';
import { PrintDialog } from './PrintDialog';
import { StatusBar } from './StatusBar';
import { ZoomButtons } from './ZoomButtons';
import * as s from './state';

export function App() {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (container.current) control.start(container.current);
    return listen({
      '?': () => (s.dialog.value = 'help'),
      '/': () => document.getElementById('goto')?.focus(),
      m: control.focusMap,
      l: () => control.setPanel(!s.panelOpen.value),
      d: () => control.setStyle(s.styleName.value === 'light' ? 'dark' : 'light'),
      h: control.home,
      p: () => s.world.value.kind === 'ready' && (s.dialog.value = 'print'),
      '+': () => control.zoomBy(1),
      '=': () => control.zoomBy(1),
      '-': () => control.zoomBy(-1),
      '[': () => control.choose((s.selection.value?.index ?? 0) - 1),
      ']': () => control.choose((s.selection.value?.index ?? 0) + 1),
      Escape: () => (s.dialog.value ? (s.dialog.value = null) : control.unselect()),
    });
  }, []);

  const m = messages.value;
  const open = s.panelOpen.value && s.world.value.kind === 'ready';
  return (
    <div class={`app ${open ? 'with-panel' : ''}`}>
      <a class="skip" href="#map" onClick={(e) => (e.preventDefault(), control.focusMap())}>{m.skipToMap}</a>
      <Bar />
      {open && <LayerPanel />}
      <main class="stage">
        <div id="map" class="map" ref={container} />
        <div class="crosshair" aria-hidden="true" />
        <Overlay />
        <ZoomButtons />
        <IdentifyPanel />
      </main>
      <StatusBar />
      {s.dialog.value === 'help' && <HelpDialog />}
      {s.dialog.value === 'print' && <PrintDialog />}
      <div class="toast" role="status" aria-live="polite">{s.toast.value && <span>{s.toast.value}</span>}</div>
    </div>
  );
}
