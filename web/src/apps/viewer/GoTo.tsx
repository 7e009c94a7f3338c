// "Go to": a coordinate in any form people write it.

import { useSignal } from '@preact/signals';
import { parsePlace } from '../../map/coords';
import { Icon } from '../../ui/Icon';
import { messages } from '../../ui/i18n';
import * as control from './controller';
import { homeZone } from './state';

export function GoTo() {
  const m = messages.value;
  const wrong = useSignal(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const input = (event.currentTarget as HTMLFormElement).elements.namedItem('place') as HTMLInputElement;
    if (!input.value.trim()) return;
    const place = parsePlace(input.value, homeZone.value);
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
      {wrong.value && <p id="goto-wrong" class="goto-wrong" role="alert">{m.goToBad}</p>}
    </form>
  );
}
