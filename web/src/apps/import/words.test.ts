import { expect, test } from 'vitest';
import { en, zh } from './words';

const call = (value: unknown): string => (typeof value === 'function' ? String(value(3, 4)) : String(value));

test.each(Object.keys(zh) as (keyof typeof zh)[])('%s is said in both languages', (key) => {
  const [chinese, english] = [call(zh[key]), call(en[key])];
  expect(english.trim()).not.toBe('');
  expect(english).not.toMatch(/\p{Script=Han}/u);
  if (key === 'reportJson') return;
  expect(chinese).toMatch(/\p{Script=Han}/u);
});
