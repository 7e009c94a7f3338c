// The line at the foot: coordinates under the pointer, scale bar, ratio and zoom, sources.

import { dmsText, degreesText, epsgOf, gkText, type GkForm } from '../../map/coords';
import { lengthText, scaleBar, scaleRatio } from '../../map/scale';
import { locale, messages } from '../../ui/i18n';
import * as control from './controller';
import * as s from './state';

export function StatusBar() {
  return (
    <footer class="status">
      <Coordinates />
      <span class="status-gap" />
      <span class="sources" title={s.attribution.value}>{s.attribution.value}</span>
      <Scale />
    </footer>
  );
}

/** Under the pointer; the map's centre while the pointer is elsewhere (keyboard, touch). */
function Coordinates() {
  const m = messages.value;
  const { lon, lat } = s.pointer.value ?? s.camera.value;
  const zone = s.homeZone.value;
  const write = s.dms.value ? dmsText : degreesText;
  const gk = gkText(lon, lat, zone, s.gkForm.value);
  return (
    <div class="coordinates">
      <button type="button" class="lonlat" title={m.dmsSwitch} onClick={() => control.setDms(!s.dms.value)}>
        <span class="where">{s.pointer.value ? m.atPointer : m.atCentre}</span>
        <span class="number"><i>{m.longitude}</i>{write(lon)}</span>
        <span class="number"><i>{m.latitude}</i>{write(lat)}</span>
      </button>
      <span class="number gk-n"><i>{m.north}</i>{gk.n}</span>
      <span class="number gk-e"><i>{m.east}</i>{gk.e}</span>
      <select
        class="select"
        id="gk-form"
        aria-label={m.gkForm}
        value={s.gkForm.value}
        onChange={(e) => control.setGkForm(e.currentTarget.value as GkForm)}
      >
        <option value="plain">{m.gkPlain(epsgOf(zone, 'plain'))}</option>
        <option value="zone">{m.gkZone(epsgOf(zone, 'zone'), zone)}</option>
      </select>
    </div>
  );
}

function Scale() {
  const m = messages.value;
  const { lat, zoom } = s.camera.value;
  const bar = scaleBar(lat, zoom, 110);
  return (
    <div class="scale">
      <span class="number zoom-level"><i>{m.zoomLevel}</i>{zoom.toFixed(1)}</span>
      <span class="number ratio" title={m.scale}>1:{scaleRatio(lat, zoom).toLocaleString(locale.value)}</span>
      <span class="scale-bar" role="img" aria-label={`${m.scale} ${lengthText(bar.metres)}`}>
        <span class="scale-text">{lengthText(bar.metres)}</span>
        <span class="scale-line" style={{ width: `${bar.px}px` }} />
      </span>
    </div>
  );
}
