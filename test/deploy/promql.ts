import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** A series that a query asks for. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** `by (a, b)`, and what it is of. */
export interface Grouping {
  readonly labels: readonly string[];
  readonly of: readonly Selector[];
}

export interface Query {
  readonly selectors: readonly Selector[];
  readonly groupings: readonly Grouping[];
}

/**
 * What a PromQL expression asks for, by Prometheus's own grammar.
 *
 * @throws Error where it is not PromQL
 */
export function parseQuery(text: string): Query {
  const root = parser.parse(text).topNode;
  const all = descendantsOf(root);
  const error = all.find(({ type }) => type.isError);
  if (error) throw new Error(`not PromQL at ${error.from}: ${text}`);
  const groupings = all
    .filter(({ name }) => name === 'AggregateExpr')
    .map((node) => ({
      labels: namesIn(node.getChild('AggregateModifier'), text),
      of: selectorsIn(node, text),
    }));
  return { selectors: selectorsIn(root, text), groupings };
}

function selectorsIn(node: SyntaxNode, text: string): Selector[] {
  return descendantsOf(node)
    .filter(({ name }) => name === 'VectorSelector')
    .map((selector) => ({
      metric: textOf(selector.getChild('Identifier'), text),
      matchers: descendantsOf(selector)
        .filter(({ name }) => name.endsWith('LabelMatcher'))
        .map((matcher) => ({
          label: textOf(matcher.getChild('LabelName'), text),
          operator: textOf(matcher.getChild('MatchOp'), text),
          value: textOf(matcher.getChild('StringLiteral'), text).slice(1, -1),
        })),
    }));
}

function namesIn(node: SyntaxNode | null, text: string): string[] {
  if (!node) return [];
  return descendantsOf(node)
    .filter(({ name }) => name === 'LabelName')
    .map((label) => textOf(label, text));
}

function descendantsOf(node: SyntaxNode): SyntaxNode[] {
  const found = [node];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(...descendantsOf(child));
  return found;
}

function textOf(node: SyntaxNode | null, text: string): string {
  return node ? text.slice(node.from, node.to) : '';
}
