// Small mistakes that somebody could make in a source file, one at a time: a condition turned round, a bound missed by one, a step left
// out. Pure. Words for people (texts with a space in them) are left as they are.
import type * as ast from '@oxc-project/types';
import { parseAst } from 'rolldown/parseAst';

/** `text` from `start` to `end` (UTF-16 units) is replaced by `by`. */
export interface Mutant {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

type Node = ast.Node;

/** All mutants of a TypeScript file, in the order of their places. */
export function mutantsOf(text: string): readonly Mutant[] {
  const found: Mutant[] = [];
  walk(parseAst(text, { lang: 'ts' }), undefined, (node, parent) => {
    for (const by of mistakesIn(node, parent, text)) found.push({ start: node.start, end: node.end, by });
  });
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The text with the mistake in it. */
export function mutate(text: string, { start, end, by }: Mutant): string {
  return text.slice(0, start) + by + text.slice(end);
}

// Types are gone when the program runs; these three are expressions with a type beside them.
const TYPED = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression']);

function walk(node: Node, parent: Node | undefined, visit: (node: Node, parent: Node | undefined) => void): void {
  if (node.type.startsWith('TS') && !TYPED.has(node.type)) return;
  if (/^(Import|ExportAll)/.test(node.type)) return;
  visit(node, parent);
  for (const [key, value] of Object.entries(node)) {
    if (key === 'parent' || key === 'typeAnnotation' || key === 'typeArguments' || key === 'returnType') continue;
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child?.type === 'string' && typeof child.start === 'number') walk(child, node, visit);
  }
}

const INSTEAD: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>'],
  '<=': ['<', '>'],
  '>': ['>=', '<'],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&': ['|'],
  '|': ['&'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
};

const METHODS = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
  ['startsWith', 'endsWith'],
  ['endsWith', 'startsWith'],
  ['floor', 'ceil'],
  ['ceil', 'floor'],
]);
// Of a chain, the step is left out: `list.filter(f)` becomes `list`.
const STEPS = new Set(['filter', 'sort', 'toReversed', 'reverse', 'slice', 'trim', 'toLowerCase', 'toUpperCase']);

function mistakesIn(node: Node, parent: Node | undefined, text: string): readonly string[] {
  const source = (part: Node) => text.slice(part.start, part.end);
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression': {
      // Parentheses are no part of the tree: an operand's may stand outside of its own range.
      const between = text.slice(node.left.end, node.right.start);
      const [before, after] = [text.slice(node.start, node.left.end), text.slice(node.right.start, node.end)];
      if (node.operator === '??') return [node.left, node.right].map((part) => `(${source(part)})`);
      return (INSTEAD[node.operator] ?? []).map((by) => `(${before}${between.replace(node.operator, by)}${after})`);
    }
    case 'UnaryExpression':
      return node.operator === '!' || node.operator === '-' ? [`(${text.slice(node.start + 1, node.end)})`] : [];
    case 'IfStatement':
      return ['true', 'false'].map(
        (by) => text.slice(node.start, node.test.start) + by + text.slice(node.test.end, node.end),
      );
    case 'ConditionalExpression':
      return [node.consequent, node.alternate].map((part) => `(${source(part)})`);
    case 'ExpressionStatement':
      return /^(Call|Await|Assignment|Update)/.test(node.expression.type) ? [';'] : [];
    case 'ArrayExpression':
      return node.elements.length > 0 ? ['[]'] : [];
    case 'CallExpression': {
      const { callee } = node;
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || callee.computed) return [];
      const { name, start, end } = callee.property;
      const other = METHODS.get(name);
      if (other) return [text.slice(node.start, start) + other + text.slice(end, node.end)];
      return STEPS.has(name) ? [source(callee.object)] : [];
    }
    case 'Literal': {
      if (typeof node.value === 'boolean') return [`${!node.value}`];
      if (typeof node.value === 'number') return [`${node.value + 1}`];
      const isKey = parent !== undefined && 'key' in parent && parent.key === node;
      const isWord = typeof node.value === 'string' && node.value !== '' && !node.value.includes(' ');
      return isWord && !isKey ? ["'mutant'"] : [];
    }
    default:
      return [];
  }
}
