// What the import page knows: one delivery on its way.

import { computed, signal } from '@preact/signals';
import type { FeatureCollection } from 'geojson';
import type { Ask, Choice, Consent, Import, Mode, Question } from '../../api/imports';
import type { Chosen } from './upload';

/** The operator's token; null asks for it. */
export const token = signal<string | null>(null);
export const tokenBad = signal(false);

/** Imports of before that can go on. */
export const earlier = signal<Import[]>([]);
export const current = signal<Import | null>(null);
export const files = signal<Chosen[]>([]);
/** Bytes that the server has, by path. */
export const sent = signal<Readonly<Record<string, number>>>({});
export const sending = signal(false);
/** The network's words while it is waited for. */
export const waiting = signal<string | null>(null);
/** A request that was refused, in words, with what to do again. */
export const failure = signal<{ text: string; again: () => void } | null>(null);

export const choices = signal<Choice[]>([]);
export const mode = signal<Mode>('replace');
export const message = signal('');
/** The part for which the delivery is whole; null goes by what its layers declare. */
export const part = signal<string | null>(null);
/** What may be taken away, by the name of what asks. */
export const allowed = signal<ReadonlySet<string>>(new Set());

export const preview = signal<FeatureCollection | null>(null);
/** Kinds that the map shows. */
export const shown = signal<ReadonlySet<string>>(new Set(['sample', 'problem', 'added', 'changed', 'removed']));
/** Where the map is asked to go. */
export const lookAt = signal<[number, number] | null>(null);

/** Whether its answers put the data somewhere on the map. */
export const hasPlaces = (q: Question) => q.options.some((o) => o.sample.length > 0);

/** A question's name, for answers. */
export const nameOf = (q: { file: string; table: string | null; kind: Question['kind'] }) => `${q.kind} ${q.file} ${q.table ?? ''}`;

/** What was answered, by question. */
export const answers = signal<Readonly<Record<string, string>>>({});

export const unanswered = computed(() => (current.value?.questions ?? []).filter((q) => !answers.value[nameOf(q)]?.trim()));

/** The name of what asks for consent. */
export const askName = (a: Ask) => `${a.kind} ${a.layer} ${a.field ?? ''}`;

/** What still asks. */
export const asking = computed(() => (current.value?.asks ?? []).filter((a) => !allowed.value.has(askName(a))));

/** What was allowed, for the commit. */
export const consent = computed<Consent>(() => {
  const given = (current.value?.asks ?? []).filter((a) => allowed.value.has(askName(a)));
  return {
    allow_removal: given.some((a) => a.kind === 'removal'),
    allow_emptying: given.flatMap((a) => (a.kind === 'emptying' && a.field ? [a.field] : [])),
    allow_reverting: given.some((a) => a.kind === 'reverting'),
  };
});

/** Which step is shown: 0 files, 1 recognise, 2 check, 3 commit. */
export const step = computed<0 | 1 | 2 | 3>(() => {
  const job = current.value;
  if (!job || sending.value || job.state === 'open') return 0;
  if (job.state === 'committed' || job.step === 'commit') return 3;
  if (job.step === 'check' || job.state === 'checked') return 2;
  return 1;
});

/** Choices so far, with these answers in place of older ones about the same thing. */
export function merged(before: Choice[], questions: Question[], given: Readonly<Record<string, string>>): Choice[] {
  const next = [...before];
  for (const q of questions) {
    const value = given[nameOf(q)]?.trim();
    if (!value) continue;
    if (q.kind === 'take') {
      take(next, q, value);
      continue;
    }
    const at = next.findIndex((c) => c.file === q.file && c.table === q.table);
    const old = at < 0 ? { file: q.file, table: q.table } : next[at]!;
    const choice = { ...old, [q.kind]: value };
    if (at < 0) next.push(choice);
    else next[at] = choice;
  }
  return next;
}

/** Says of the chosen table or file that it is the one, and of the others no longer. */
function take(choices: Choice[], q: Question, value: string): void {
  for (const o of q.options) {
    const file = o.file ?? q.file;
    const at = choices.findIndex((c) => c.file === file && c.table === o.table);
    const { take: _, ...old } = choices[at] ?? { file, table: o.table };
    const chosen = o.value === value;
    if (at >= 0) choices[at] = chosen ? { ...old, take: true } : old;
    else if (chosen) choices.push({ ...old, take: true });
  }
}

export const goodRows = computed(() => Object.values(current.value?.layers ?? {}).reduce((n, l) => n + l.committed, 0));
export const badRows = computed(() => Object.values(current.value?.layers ?? {}).reduce((n, l) => n + l.quarantined, 0));
