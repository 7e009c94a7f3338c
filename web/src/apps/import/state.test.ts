import { afterEach, expect, test } from 'vitest';
import type { Ask, Import, Question } from '../../api/imports';
import * as s from './state';

const question = (kind: Question['kind'], file: string, table: string | null = null): Question => ({ file, table, kind, message: { zh: '？', en: '?' }, options: [] });
const job = (more: Partial<Import>): Import =>
  ({ id: 'x', created: '', state: 'open', step: null, progress: { read: 0, total: 0 }, mode: 'replace', message: '', files: [], datasets: [], questions: [], groups: [], layers: {}, asks: [], part: null, diff: [], revision: null, error: null, ...more });

afterEach(() => {
  s.current.value = null;
  s.answers.value = {};
  s.sending.value = false;
});

test('answers become choices, and join what was chosen before for the same table', () => {
  const questions = [question('crs', 'a.shp', 'a'), question('layer', 'a.shp', 'a'), question('encoding', 'b.shp')];
  const given = { [s.nameOf(questions[0]!)]: 'EPSG:4525', [s.nameOf(questions[2]!)]: ' GBK ' };
  const first = s.merged([], questions, given);
  expect(first).toEqual([{ file: 'a.shp', table: 'a', crs: 'EPSG:4525' }, { file: 'b.shp', table: null, encoding: 'GBK' }]);
  const second = s.merged(first, questions, { [s.nameOf(questions[1]!)]: 'cadastre.building', [s.nameOf(questions[0]!)]: 'EPSG:4546' });
  expect(second).toEqual([{ file: 'a.shp', table: 'a', crs: 'EPSG:4546', layer: 'cadastre.building' }, { file: 'b.shp', table: null, encoding: 'GBK' }]);
  expect(first[0]).toEqual({ file: 'a.shp', table: 'a', crs: 'EPSG:4525' });
});

test('the table that is taken is named by its own file and table, and one answer replaces the other', () => {
  const option = (file: string, table: string | null) => ({ value: table ?? file, label: { zh: '', en: '' }, confidence: null, bounds: null, sample: [], file, table });
  const q = { ...question('take', 'a.gpkg'), options: [option('a.gpkg', '宗地'), option('a.gpkg', '宗地_备份')] };
  const before = [{ file: 'a.gpkg', table: '宗地', crs: 'EPSG:4546' }];
  const first = s.merged(before, [q], { [s.nameOf(q)]: '宗地_备份' });
  expect(first).toEqual([...before, { file: 'a.gpkg', table: '宗地_备份', take: true }]);
  expect(s.merged(first, [q], { [s.nameOf(q)]: '宗地' })).toEqual([{ ...before[0], take: true }, { file: 'a.gpkg', table: '宗地_备份' }]);
});

test('the step follows the state of the import', () => {
  expect(s.step.value).toBe(0);
  for (const [more, step] of [
    [{ state: 'open' }, 0],
    [{ state: 'working', step: 'plan' }, 1],
    [{ state: 'refused', step: 'plan' }, 1],
    [{ state: 'planned', step: 'plan' }, 1],
    [{ state: 'working', step: 'check' }, 2],
    [{ state: 'refused', step: 'check' }, 2],
    [{ state: 'checked', step: 'check' }, 2],
    [{ state: 'working', step: 'commit' }, 3],
    [{ state: 'committed', step: 'commit' }, 3],
    [{ state: 'committed', step: null }, 3],
  ] as const) {
    s.current.value = job(more);
    expect(s.step.value, JSON.stringify(more)).toBe(step);
  }
});

test('a question is open until something is written', () => {
  const q = question('layer', 'a.csv');
  s.current.value = job({ state: 'refused', questions: [q] });
  expect(s.unanswered.value).toEqual([q]);
  s.answers.value = { [s.nameOf(q)]: '  ' };
  expect(s.unanswered.value).toEqual([q]);
  s.answers.value = { [s.nameOf(q)]: 'control.point' };
  expect(s.unanswered.value).toEqual([]);
});

test('what would be taken away asks until it is allowed, each by itself', () => {
  const ask = (kind: Ask['kind'], field: string | null = null): Ask => ({ kind, layer: 'a.b', title: { zh: '', en: '' }, field, message: { zh: '', en: '' }, count: 9, of: 10 });
  const asks = [ask('removal'), ask('emptying', 'owner'), ask('emptying', 'use')];
  s.current.value = job({ state: 'checked', asks });
  expect(s.asking.value).toHaveLength(3);
  expect(s.consent.value).toEqual({ allow_removal: false, allow_emptying: [], allow_reverting: false });
  s.allowed.value = new Set([s.askName(asks[0]!), s.askName(asks[2]!)]);
  expect(s.asking.value).toEqual([asks[1]]);
  expect(s.consent.value).toEqual({ allow_removal: true, allow_emptying: ['use'], allow_reverting: false });
  s.allowed.value = new Set();
});
