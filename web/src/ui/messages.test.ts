import { expect, test } from 'vitest';
import { en, zh } from './messages';

const call = (value: unknown): string => (typeof value === 'function' ? String(value(3, 4)) : String(value));
/** The same sign or the same word in both languages, on purpose. */
const SAME = new Set(['north', 'east', 'noValue', 'layerCount', 'hitOf']);

test.each(Object.keys(zh) as (keyof typeof zh)[])('%s is said in both languages', (key) => {
  const chinese = call(zh[key]);
  const english = call(en[key]);
  expect(english.trim()).not.toBe('');
  if (SAME.has(key)) return;
  expect(chinese).not.toBe(english);
  // The switch itself is written in the language that it leads to.
  if (key === 'otherLanguage' || key === 'toOtherLanguage') return;
  expect(chinese).toMatch(/\p{Script=Han}|EPSG/u);
  expect(english).not.toMatch(/\p{Script=Han}/u);
});
