// The keys, and the switch for those of a single letter.

import { Dialog } from '../../ui/Dialog';
import { messages } from '../../ui/i18n';
import { setSingleKeys, singleKeys } from '../../ui/keys';
import * as s from './state';

export function HelpDialog() {
  const m = messages.value;
  const rows: [string[], string][] = [
    [['←', '↑', '→', '↓'], m.keyPan],
    [['+', '−'], m.keyZoom],
    [['Enter'], m.keyPick],
    [['[', ']'], m.keyHits],
    [['Esc'], m.keyEscape],
    [['/'], m.keyGoTo],
    [['M'], m.keyMap],
    [['L'], m.keyLayers],
    [['↑', '↓'], m.keyTree],
    [['D'], m.keyStyle],
    [['H'], m.keyHome],
    [['P'], m.keyPrint],
    [['?'], m.keyHelp],
  ];
  return (
    <Dialog title={m.shortcuts} onClose={() => (s.dialog.value = null)}>
      <table class="keys">
        <tbody>
          {rows.map(([keys, what]) => (
            <tr key={what}>
              <th scope="row">{keys.map((k) => <kbd key={k}>{k}</kbd>)}</th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <label class="check">
        <input type="checkbox" checked={singleKeys.value} onChange={(e) => setSingleKeys(e.currentTarget.checked)} />
        <span>{m.singleKeys}<small>{m.singleKeysHint}</small></span>
      </label>
    </Dialog>
  );
}
