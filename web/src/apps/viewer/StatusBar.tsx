// The line at the foot: coordinates under the pointer, scale bar, ratio and zoom, sources.

import { dmsText, degreesText, planeText } from '../../map/coords';
import { lengthText, scaleBar, scaleRatio } from '../../map/scale';
import { locale, messages, say } from '../../ui/i18n';
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
  const zone = s.zone.value;
  const write = s.dms.value ? dmsText : degreesText;
  const plane = zone && planeText(lon, lat, zone);
  return (
    <div class="coordinates">
      <button type="button" class="lonlat" title={m.dmsSwitch} onClick={() => control.setDms(!s.dms.value)}>
        <span class="where">{s.pointer.value ? m.atPointer : m.atCentre}</span>
        <span class="number"><i>{m.longitude}</i>{write(lon)}</span>
        <span class="number"><i>{m.latitude}</i>{write(lat)}</span>
      </button>
      {plane && <span class="number gk-n"><i>{m.north}</i>{plane.n}</span>}
      {plane && <span class="number gk-e"><i>{m.east}</i>{plane.e}</span>}
      {zone && (
        <select class="select" id="gk-form" aria-label={m.gkForm} value={String(zone.epsg)} onChange={(e) => control.setZone(e.currentTarget.value)}>
          {s.city.value?.zones.map((z) => <option value={String(z.epsg)}>{say(z.title)}</option>)}
        </select>
      )}
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
