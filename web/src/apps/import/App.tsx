// The page: bar, stepper, and the step at hand beside a map of where the data lie.

import { useEffect } from 'preact/hooks';
import { signal, effect } from '@preact/signals';
import { lang, say } from '../../ui/i18n';
import { remember, recall } from '../../ui/memory';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/Icon';
import { messages } from '../../ui/i18n';
import { CheckStep } from './CheckStep';
import { CommitStep } from './CommitStep';
import * as control from './controller';
import { FilesStep } from './FilesStep';
import { PlaceMap } from './PlaceMap';
import { RecogniseStep } from './RecogniseStep';
import * as s from './state';
import { TokenForm } from './TokenForm';
import { words } from './words';

const dark = signal(recall('style') === 'dark' || (!recall('style') && matchMedia('(prefers-color-scheme: dark)').matches));

effect(() => {
  document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en';
  document.documentElement.dataset['theme'] = dark.value ? 'dark' : 'light';
  document.title = words.value.pageTitle;
});

function Bar() {
  const [w, m] = [words.value, messages.value];
  const toggle = () => {
    dark.value = !dark.value;
    remember('style', dark.value ? 'dark' : 'light');
  };
  const speak = () => {
    lang.value = lang.value === 'zh' ? 'en' : 'zh';
    remember('lang', lang.value);
  };
  return (
    <header class="bar">
      <h1><a href="./" class="brand">{m.product}</a><span>{w.title}</span></h1>
      <nav>
        <a class="button" href="./"><Icon name="layers" /><span>{w.toMap}</span></a>
        <Button icon={dark.value ? 'sun' : 'moon'} label={dark.value ? w.toDay : w.toNight} onClick={toggle} />
        <button type="button" id="lang-switch" class="button" title={m.toOtherLanguage} onClick={speak}>{m.otherLanguage}</button>
      </nav>
    </header>
  );
}

function Stepper() {
  const w = words.value;
  const now = s.step.value;
  return (
    <ol class="stepper" aria-label={w.stepOf(now + 1, w.steps.length)}>
      {w.steps.map((name, i) => (
        <li class={i < now ? 'done' : i === now ? 'now' : ''} aria-current={i === now ? 'step' : undefined}>
          <b aria-hidden="true">{i < now ? '✓' : i + 1}</b>
          <span>{name}</span>
        </li>
      ))}
    </ol>
  );
}

function Failure() {
  const [w, now] = [words.value, s.failure.value];
  const error = s.current.value?.state === 'working' ? null : s.current.value?.error;
  if (!now && !error) return null;
  return (
    <div class="alert" role="alert">
      <Icon name="alert" />
      <p><b>{w.failedTitle}</b> {now ? now.text : say(error)}</p>
      {now && <button type="button" class="button button-main" onClick={now.again}>{w.retry}</button>}
    </div>
  );
}

export function App() {
  useEffect(() => control.start(), []);
  const step = s.step.value;
  const withMap = s.token.value !== null && step > 0;
  return (
    <div class={`import ${withMap ? 'with-map' : ''}`}>
      <Bar />
      {s.token.value === null ? (
        <main class="steps"><Failure /><TokenForm /></main>
      ) : (
        <>
          <main class="steps">
            <Stepper />
            <Failure />
            {step === 0 && <FilesStep />}
            {step === 1 && <RecogniseStep />}
            {step === 2 && <CheckStep />}
            {step === 3 && <CommitStep />}
          </main>
          {withMap && <PlaceMap style={dark.value ? 'dark' : 'light'} />}
        </>
      )}
    </div>
  );
}
