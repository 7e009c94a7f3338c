// A small evaluator of style expressions, for the legend only: "what would the style draw for a feature with this code?"
// MapLibre keeps its own evaluator to itself; bundling the style-spec package a second time would cost 60 kB.

/** What an expression is evaluated against. Properties that are not given count as absent. */
export interface Context {
  zoom: number;
  properties: Record<string, unknown>;
  geometry: 'Point' | 'LineString' | 'Polygon';
}

/** An operator that this evaluator does not know: the caller leaves the layer out of the legend. */
export class Unsupported extends Error {}

type Args = unknown[];
type Operator = (args: Args, c: Context) => unknown;

const number = (v: unknown): number => (typeof v === 'number' ? v : Number(v));
const compare = (test: (a: number, b: number) => boolean): Operator => (args, c) => {
  const a = evaluate(args[0], c);
  const b = evaluate(args[1], c);
  // Ordering NULL against a number is false in every direction, as in the style spec's error case for filters.
  return a != null && b != null && test(number(a), number(b));
};
const fold = (f: (a: number, b: number) => number): Operator => (args, c) => args.map((a) => number(evaluate(a, c))).reduce(f);
const same = (a: unknown, b: unknown) => (a ?? null) === (b ?? null);

const OPERATORS: Record<string, Operator> = {
  literal: ([value]) => value,
  get: ([name], c) => c.properties[String(evaluate(name, c))] ?? null,
  has: ([name], c) => c.properties[String(evaluate(name, c))] != null,
  zoom: (_, c) => c.zoom,
  'geometry-type': (_, c) => c.geometry,
  id: () => 1,
  properties: (_, c) => c.properties,
  '==': ([a, b], c) => same(evaluate(a, c), evaluate(b, c)),
  '!=': ([a, b], c) => !same(evaluate(a, c), evaluate(b, c)),
  '<': compare((a, b) => a < b),
  '<=': compare((a, b) => a <= b),
  '>': compare((a, b) => a > b),
  '>=': compare((a, b) => a >= b),
  '!': ([a], c) => !evaluate(a, c),
  all: (args, c) => args.every((a) => evaluate(a, c)),
  any: (args, c) => args.some((a) => evaluate(a, c)),
  none: (args, c) => !args.some((a) => evaluate(a, c)),
  in: ([needle, hay], c) => {
    const where = evaluate(hay, c);
    const what = evaluate(needle, c);
    return Array.isArray(where) ? where.includes(what) : typeof where === 'string' && where.includes(String(what));
  },
  case: (args, c) => {
    for (let i = 0; i + 1 < args.length; i += 2) if (evaluate(args[i], c)) return evaluate(args[i + 1], c);
    return evaluate(args.at(-1), c);
  },
  match: ([input, ...rest], c) => {
    const value = evaluate(input, c);
    for (let i = 0; i + 1 < rest.length; i += 2) {
      const labels = rest[i];
      if (Array.isArray(labels) ? labels.includes(value) : labels === value) return evaluate(rest[i + 1], c);
    }
    return evaluate(rest.at(-1), c);
  },
  coalesce: (args, c) => {
    for (const a of args) {
      const value = evaluate(a, c);
      if (value != null) return value;
    }
    return null;
  },
  step: ([input, first, ...stops], c) => {
    const at = number(evaluate(input, c));
    let result = first;
    for (let i = 0; i + 1 < stops.length && at >= number(stops[i]); i += 2) result = stops[i + 1];
    return evaluate(result, c);
  },
  interpolate: ([kind, input, ...stops], c) => interpolate(kind as Args, number(evaluate(input, c)), stops, c),
  'interpolate-hcl': ([kind, input, ...stops], c) => interpolate(kind as Args, number(evaluate(input, c)), stops, c),
  'to-string': ([a], c) => String(evaluate(a, c) ?? ''),
  'to-number': ([a], c) => number(evaluate(a, c) ?? 0),
  'to-boolean': ([a], c) => Boolean(evaluate(a, c)),
  'to-color': ([a], c) => evaluate(a, c),
  string: (args, c) => evaluate(args[0], c),
  number: (args, c) => evaluate(args[0], c),
  boolean: (args, c) => evaluate(args[0], c),
  image: ([a], c) => evaluate(a, c),
  concat: (args, c) => args.map((a) => String(evaluate(a, c) ?? '')).join(''),
  slice: ([text, from, to], c) => {
    const value = evaluate(text, c) as string | unknown[];
    return value.slice(number(evaluate(from, c)), to === undefined ? undefined : number(evaluate(to, c)));
  },
  length: ([a], c) => (evaluate(a, c) as string | unknown[]).length,
  upcase: ([a], c) => String(evaluate(a, c)).toUpperCase(),
  downcase: ([a], c) => String(evaluate(a, c)).toLowerCase(),
  '+': fold((a, b) => a + b),
  '*': fold((a, b) => a * b),
  '-': (args, c) => (args.length === 1 ? -number(evaluate(args[0], c)) : fold((a, b) => a - b)(args, c)),
  '/': fold((a, b) => a / b),
  '%': fold((a, b) => a % b),
  min: fold(Math.min),
  max: fold(Math.max),
  abs: ([a], c) => Math.abs(number(evaluate(a, c))),
  round: ([a], c) => Math.round(number(evaluate(a, c))),
  floor: ([a], c) => Math.floor(number(evaluate(a, c))),
};

/** Evaluates one expression or constant. *Errors*: `Unsupported` for an operator outside the table. */
export function evaluate(expression: unknown, c: Context): unknown {
  if (!Array.isArray(expression)) return expression;
  const [name, ...args] = expression;
  // An array of numbers (a dash pattern, an offset) is a value, not a call.
  if (typeof name !== 'string') return expression;
  const operator = OPERATORS[name];
  if (!operator) throw new Unsupported(name);
  return operator(args, c);
}

function interpolate(kind: Args, at: number, stops: Args, c: Context): unknown {
  const base = kind[0] === 'exponential' ? number(kind[1]) : 1;
  let i = 0;
  while (i + 2 < stops.length && at >= number(stops[i + 2])) i += 2;
  const low = evaluate(stops[i + 1], c);
  if (i + 2 >= stops.length || at <= number(stops[i])) return low;
  const high = evaluate(stops[i + 3], c);
  const [from, to] = [number(stops[i]), number(stops[i + 2])];
  const t = base === 1 ? (at - from) / (to - from) : (base ** (at - from) - 1) / (base ** (to - from) - 1);
  // Colours are not mixed: for a legend the nearer stop is true enough.
  if (typeof low === 'number' && typeof high === 'number') return low + t * (high - low);
  return t < 0.5 ? low : high;
}
