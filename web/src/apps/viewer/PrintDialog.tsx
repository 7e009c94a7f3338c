// Print to PNG: title, sharpness, legend; the sheet is drawn in the browser from what is on screen.

import { useSignal } from '@preact/signals';
import type { LegendEntry } from '../../map/legend';
import { drawSheet, type LegendLine } from '../../map/picture';
import { swatchSvg } from '../../map/swatch';
import { Dialog } from '../../ui/Dialog';
import { locale, messages, say } from '../../ui/i18n';
import * as control from './controller';
import * as s from './state';

export function PrintDialog() {
  const m = messages.value;
  const making = useSignal(false);
  const failed = useSignal('');
  const close = () => (s.dialog.value = null);

  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    making.value = true;
    failed.value = '';
    try {
      const title = String(form.get('title') || m.titleDefault(say(s.city.value?.name)));
      const ratio = Number(form.get('ratio'));
      const blob = await drawSheet({
        map: await control.capture(ratio),
        ratio,
        ...s.camera.value,
        title,
        date: m.printedOn(new Date().toLocaleDateString(locale.value, { year: 'numeric', month: 'long', day: 'numeric' })),
        system: m.coordinateSystem,
        attribution: s.attribution.value,
        legendTitle: m.legend,
        legend: form.get('legend') ? legendLines() : [],
      });
      save(blob, `${title}.png`);
      close();
    } catch (cause) {
      failed.value = `${m.printFailed}: ${cause instanceof Error ? cause.message : String(cause)}`;
    } finally {
      making.value = false;
    }
  };

  return (
    <Dialog title={m.printTitle} onClose={close}>
      <form class="form" onSubmit={(e) => void make(e)}>
        <label>
          <span>{m.titleField}</span>
          <input name="title" type="text" maxLength={60} defaultValue={m.titleDefault(say(s.city.value?.name))} />
        </label>
        <fieldset>
          <legend>{m.resolution}</legend>
          <label><input type="radio" name="ratio" value="1" />{m.screenResolution}</label>
          <label><input type="radio" name="ratio" value="2" defaultChecked />{m.fineResolution}</label>
        </fieldset>
        <label class="check"><input type="checkbox" name="legend" defaultChecked />{m.withLegend}</label>
        {failed.value && <p class="form-wrong" role="alert">{failed.value}</p>}
        <button type="submit" class="button button-main" disabled={making.value}>{making.value ? m.making : m.makePicture}</button>
      </form>
    </Dialog>
  );
}

/** Only the classes that are on the sheet: its legend explains what can be seen, nothing more. */
function legendLines(): LegendLine[] {
  const drawn = control.drawn();
  const lines: LegendLine[] = [];
  for (const layer of s.filled.value) {
    if (s.hidden.value.has(layer.id)) continue;
    const features = drawn.get(layer.id) ?? [];
    const shown = (entry: LegendEntry) =>
      entry.swatch.hillshade || (entry.field === null ? features.length > 0 : features.some((f) => entry.codes.includes(String(f[entry.field!]))));
    const entries = (s.legends.value.get(layer.id) ?? []).filter(shown);
    const line = (entry: LegendEntry, label: string, head: boolean) => lines.push({ label, head, svg: swatchSvg(entry.swatch, layer.geometry, s.icons.value) });
    if (entries.length === 0) continue;
    if (entries.length === 1 && entries[0]!.field === null) line(entries[0]!, say(layer.title), true);
    else {
      lines.push({ label: say(layer.title), head: true, svg: null });
      for (const entry of entries) line(entry, say(entry.label), false);
    }
  }
  return lines;
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  // The download has begun when the click returns, but some browsers read the blob a little later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
