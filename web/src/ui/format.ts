// Values as people read them: numbers with their unit, dates, yes and no, codes with their meaning.

import type { HitField } from '../api/types';
import type { Lang } from './i18n';
import { en, zh } from './messages';

/** A distance: metres below a kilometre. */
export function distanceText(metres: number, lang: Lang): string {
  const number = (v: number, digits: number) => v.toLocaleString(lang === 'zh' ? 'zh-CN' : 'en', { maximumFractionDigits: digits });
  return metres < 1000 ? `${number(metres, metres < 10 ? 1 : 0)} m` : `${number(metres / 1000, 1)} km`;
}

/** A field's value as shown. `code` is what stands behind a meaning, for those who know the codes. */
export function fieldText(field: HitField, lang: Lang): { text: string; code?: string } {
  const m = lang === 'zh' ? zh : en;
  const { value } = field;
  if (value === null || value === undefined || value === '') return { text: m.noValue };
  const raw = plainText(value, lang);
  const shown = (lang === 'zh' ? field.display?.zh || field.display?.en : field.display?.en || field.display?.zh) || '';
  // A meaning differs from the value; a formatted value repeats it.
  if (typeof value === 'string' && shown && shown !== value) return { text: shown, code: value };
  return { text: field.unit ? `${raw} ${field.unit}` : raw };
}

function plainText(value: string | number | boolean, lang: Lang): string {
  const m = lang === 'zh' ? zh : en;
  if (typeof value === 'boolean') return value ? m.yes : m.no;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(6)));
  if (/^\d{4}-\d{2}-\d{2}T/.test(value)) return value.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
  return value;
}
