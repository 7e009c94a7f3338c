// Zoom by mouse or touch, over the map's corner.

import { Button } from '../../ui/Button';
import { messages } from '../../ui/i18n';
import * as control from './controller';
import * as s from './state';

export function ZoomButtons() {
  if (s.world.value.kind !== 'ready') return null;
  return (
    <div class="zoom-buttons">
      <Button icon="plus" label={messages.value.zoomIn} onClick={() => control.zoomBy(1)} />
      <Button icon="minus" label={messages.value.zoomOut} onClick={() => control.zoomBy(-1)} />
    </div>
  );
}
