import { inspect, styleText } from 'node:util';
import { escapeControls } from './escape-controls.ts';

const COLORS: Readonly<Record<string, 'red' | 'yellow' | 'green' | 'gray'>> = {
  fatal: 'red',
  error: 'red',
  warn: 'yellow',
  info: 'green',
  debug: 'gray',
  trace: 'gray',
};

/** Before every line of an entry but its first: no text that is logged can pass for an entry of its own. */
const INDENT = '    ';
const MAX_COLUMNS = 120;

/**
 * A line of JSON of the log as text for people:
 * `12:00:00.000 INFO  [Request] POST /v1/executions 200 tenantId=acme`. Further lines of the message, objects and the stack follow.
 */
export function textLine(json: string): string {
  const { level, time, context, msg, stack, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const label = asText(level);
  const [message = '', ...below] = asText(msg).split('\n');
  const head = [
    asText(time).slice('yyyy-mm-ddT'.length, -1),
    // Leaves the color out where the terminal, or NO_COLOR, will have none.
    styleText(COLORS[label] ?? 'green', label.toUpperCase().padEnd(5), { stream: process.stdout }),
    ...(context === undefined ? [] : [`[${inOneLine(context)}]`]),
    message,
  ];
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'object' && value !== null) below.push(...wrapped(inOneLine(`${name}:`), value));
    else head.push(inOneLine(`${name}=${asText(value)}`));
  }
  if (stack !== undefined) below.push(...asText(stack).split('\n'));
  return `${[head.join(' '), ...below.map((line) => INDENT + line)].join('\n')}\n`;
}

/** The members of an object, as many in a line as there is room for. */
function wrapped(title: string, value: object): string[] {
  const lines = [title];
  for (const [name, member] of Object.entries(value)) {
    const text = inOneLine(
      `${name}=${inspect(member, { depth: 5, compact: true, breakLength: Infinity, maxStringLength: 4096 })}`,
    );
    const last = lines.at(-1) ?? '';
    if (last.length + text.length < MAX_COLUMNS) lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(`  ${text}`);
  }
  return lines;
}

function asText(value: unknown): string {
  return escapeControls(typeof value === 'string' ? value : JSON.stringify(value ?? ''));
}

function inOneLine(value: unknown): string {
  return asText(value).replaceAll('\n', '\\n');
}
