// The top bar: name, "go to", and the tools.

import { Button } from '../../ui/Button';
import { lang, messages, say } from '../../ui/i18n';
import * as control from './controller';
import { GoTo } from './GoTo';
import * as s from './state';

export function Bar() {
  const m = messages.value;
  const ready = s.world.value.kind === 'ready';
  const dark = s.styleName.value === 'dark';
  return (
    <header class="bar">
      <Button
        icon="layers"
        class="bar-layers"
        label={s.panelOpen.value ? m.hideLayers : m.showLayers}
        pressed={s.panelOpen.value}
        disabled={!ready}
        onClick={() => control.setPanel(!s.panelOpen.value)}
      />
      <h1 class="brand">
        <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" fill="var(--accent)" />
          <path d="M6 11l7-3 6 3 7-3v13l-7 3-6-3-7 3z" fill="var(--on-accent)" />
          <path d="M13 8v13M19 11v13" stroke="var(--accent)" stroke-width="1.6" />
        </svg>
        <span lang="zh-CN">底图</span>
        <small lang="en">Ditu</small>
        {s.city.value && <span class="brand-city">{say(s.city.value.name)}</span>}
      </h1>
      <GoTo />
      <nav class="tools" aria-label={m.map}>
        <Button icon="home" label={m.home} text={m.home} disabled={!ready} onClick={control.home} />
        <Button icon="link" label={m.share} text={m.share} disabled={!ready} onClick={() => void control.share()} />
        <Button icon="print" label={m.printTitle} text={m.print} disabled={!ready} onClick={() => (s.dialog.value = 'print')} />
        <span class="tools-rule" />
        <Button
          id="theme-switch"
          icon={dark ? 'sun' : 'moon'}
          label={dark ? m.toDay : m.toNight}
          onClick={() => control.setStyle(dark ? 'light' : 'dark')}
        />
        <button
          type="button"
          id="lang-switch"
          class="button"
          lang={lang.value === 'zh' ? 'en' : 'zh-CN'}
          title={m.toOtherLanguage}
          onClick={() => control.setLang(lang.value === 'zh' ? 'en' : 'zh')}
        >
          {m.otherLanguage}
        </button>
        <Button icon="help" label={`${m.help} (?)`} onClick={() => (s.dialog.value = 'help')} />
      </nav>
    </header>
  );
}
