// Asks for the operator's token, where the link did not bring it.

import * as control from './controller';
import * as s from './state';
import { words } from './words';

export function TokenForm() {
  const w = words.value;
  return (
    <form
      class="card token"
      onSubmit={(e) => {
        e.preventDefault();
        void control.enter(String(new FormData(e.currentTarget).get('token') ?? ''));
      }}
    >
      <h2>{w.tokenTitle}</h2>
      <p>{w.tokenText}</p>
      <label for="token">{w.tokenField}</label>
      <div class="row">
        <input id="token" name="token" type="password" autocomplete="off" required aria-invalid={s.tokenBad.value} aria-describedby="token-bad" />
        <button type="submit" class="button button-main">{w.enter}</button>
      </div>
      <p id="token-bad" class="form-wrong" role="alert">{s.tokenBad.value ? w.tokenBad : ''}</p>
    </form>
  );
}
