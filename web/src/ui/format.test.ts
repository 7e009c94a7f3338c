import { expect, test } from 'vitest';
import type { HitField } from '../api/types';
import { distanceText, fieldText } from './format';

const field = (value: HitField['value'], more: Partial<HitField> = {}): HitField => ({ name: 'f', title: { zh: '', en: '' }, value, ...more });

test('a code shows its meaning and keeps the code', () => {
  const kind = field('gas', { display: { zh: '燃气', en: 'Gas' } });
  expect(fieldText(kind, 'zh')).toEqual({ text: '燃气', code: 'gas' });
  expect(fieldText(kind, 'en')).toEqual({ text: 'Gas', code: 'gas' });
});

test.each([
  [field(null), '—'],
  [field(''), '—'],
  [field(0), '0'],
  [field(false), '否'],
  [field(2.5, { unit: 'm' }), '2.5 m'],
  [field(0.1 + 0.2, { unit: 'm' }), '0.3 m'],
  [field('2026-03-01T08:00:00Z'), '2026-03-01 08:00:00 UTC'],
  [field('430702001001GB00001'), '430702001001GB00001'],
  [field('武陵大道', { display: { zh: '武陵大道', en: '武陵大道' } }), '武陵大道'],
])('%j reads %s', (f, text) => {
  expect(fieldText(f, 'zh').text).toBe(text);
});

test('distances', () => {
  expect(distanceText(3.24, 'zh')).toBe('3.2 m');
  expect(distanceText(48.6, 'zh')).toBe('49 m');
  expect(distanceText(1520, 'en')).toBe('1.5 km');
});
