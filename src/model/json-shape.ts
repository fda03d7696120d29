// Checks that JSON another program wrote has the shape it should have, before anything relies on it.

/** undefined where the value fits, else what does not: `.domains[2].failures: expected a number`. */
export type Shape = (value: unknown) => string | undefined;

const typed =
  (type: 'number' | 'string' | 'boolean'): Shape =>
  (value) =>
    typeof value === type ? undefined : `: expected a ${type}`;

export const number = typed('number');
export const string = typed('string');
export const boolean = typed('boolean');

/** Exactly this value. */
export function only(wanted: string | number | boolean | null): Shape {
  return (value) => (value === wanted ? undefined : `: expected ${JSON.stringify(wanted)}`);
}

/** One of these; what is wrong is told of the last. */
export function either(...shapes: readonly Shape[]): Shape {
  return (value) => {
    const problems = shapes.map((shape) => shape(value));
    return problems.includes(undefined) ? undefined : problems.at(-1);
  };
}

/** May be left out. */
export function optional(shape: Shape): Shape {
  return (value) => (value === undefined ? undefined : shape(value));
}

export function list(of: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return ': expected a list';
    for (const [i, item] of value.entries()) {
      const problem = of(item);
      if (problem !== undefined) return `[${i}]${problem}`;
    }
    return undefined;
  };
}

/** An object with at least these keys. */
export function object(shapes: Readonly<Record<string, Shape>>): Shape {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return ': expected an object';
    for (const [key, shape] of Object.entries(shapes)) {
      const problem = shape((value as Record<string, unknown>)[key]);
      if (problem !== undefined) return `.${key}${problem}`;
    }
    return undefined;
  };
}

/** A list of exactly these. */
export function tuple(...shapes: readonly Shape[]): Shape {
  return (value) => {
    if (!Array.isArray(value) || value.length !== shapes.length) return `: expected a list of ${shapes.length}`;
    for (const [i, shape] of shapes.entries()) {
      const problem = shape(value[i]);
      if (problem !== undefined) return `[${i}]${problem}`;
    }
    return undefined;
  };
}

/** An object whose keys are anybody's choice. */
export function dictionary(of: Shape): Shape {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return ': expected an object';
    for (const [key, item] of Object.entries(value)) {
      const problem = of(item);
      if (problem !== undefined) return `.${key}${problem}`;
    }
    return undefined;
  };
}
