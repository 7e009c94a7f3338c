// The language in use, the messages in it, and texts of the data in it.

import { computed, signal } from '@preact/signals';
import type { Text } from '../api/types';
import { en, zh, type Messages } from './messages';
import { recall } from './memory';

export type Lang = 'zh' | 'en';

export const lang = signal<Lang>(recall('lang') === 'en' ? 'en' : 'zh');
export const messages = computed<Messages>(() => (lang.value === 'zh' ? zh : en));
export const locale = computed(() => (lang.value === 'zh' ? 'zh-CN' : 'en'));

/** A text of the data in the language in use; the other one when that is missing. */
export function say(text: Text | null | undefined): string {
  if (!text) return '';
  return lang.value === 'zh' ? text.zh || text.en : text.en || text.zh;
}
