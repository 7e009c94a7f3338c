// "Go to": a coordinate in any form people write it.

import { useSignal } from '@preact/signals';
import { dmsText, parsePlace, planeText } from '../../map/coords';
import { Icon } from '../../ui/Icon';
import { messages } from '../../ui/i18n';
import * as control from './controller';
import { city } from './state';

/** One place of the city in the ways it can be typed. */
function examples(): string[] {
  const now = city.value;
  if (!now) return [];
  const [lon, lat] = now.view.center;
  const plane = now.zones[0] && planeText(lon, lat, now.zones[0]);
  const letters = `${dmsText(Math.abs(lat))}${lat < 0 ? 'S' : 'N'} ${dmsText(Math.abs(lon))}${lon < 0 ? 'W' : 'E'}`;
  return [`${lon.toFixed(4)}, ${lat.toFixed(4)}`, letters, ...(plane ? [`${plane.n} ${plane.e}`] : [])];
}

export function GoTo() {
  const m = messages.value;
  const wrong = useSignal(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const input = (event.currentTarget as HTMLFormElement).elements.namedItem('place') as HTMLInputElement;
    if (!input.value.trim()) return;
    const place = city.value && parsePlace(input.value, city.value);
    wrong.value = place === null;
    if (place) {
      control.goTo(place);
      control.say(m.wentTo);
    }
  };
  return (
    <form class="goto" role="search" aria-label={m.goToShort} onSubmit={submit}>
      <Icon name="search" size={16} />
      <input
        id="goto"
        name="place"
        type="text"
        inputMode="text"
        autocomplete="off"
        spellcheck={false}
        placeholder={m.goTo}
        aria-label={m.goTo}
        aria-invalid={wrong.value}
        aria-describedby={wrong.value ? 'goto-wrong' : undefined}
        onInput={() => (wrong.value = false)}
        onKeyDown={(e) => e.key === 'Escape' && e.currentTarget.blur()}
      />
      {wrong.value && <p id="goto-wrong" class="goto-wrong" role="alert">{m.goToBad(examples())}</p>}
    </form>
  );
}
