/** One instruction, with its lines joined. */
export interface Instruction {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly name: string;
  readonly flags: ReadonlyMap<string, string>;
  readonly text: string;
}

/** From one `FROM` to the next. */
export interface Stage {
  /** The image, or the name of an earlier stage. */
  readonly from: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/**
 * The stages of a Dockerfile. Of the language it knows what ours is written in.
 * https://docs.docker.com/reference/dockerfile/
 *
 * @throws Error where it does not understand
 */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const instruction of instructionsOf(text)) {
    if (instruction.name === 'FROM') {
      const [, from, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(instruction.text) ?? [];
      if (from === undefined) throw new Error(`line ${instruction.line}: FROM ${instruction.text} is not understood`);
      stages.push({ from, name, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage)
      throw new Error(`line ${instruction.line}: ${instruction.name} before the first FROM is not understood`);
    stage.instructions.push(instruction);
  }
  if (stages.length === 0) throw new Error('there is no FROM');
  return stages;
}

function instructionsOf(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let joined = '';
  let begin = 0;
  for (const [index, line] of text.split('\n').entries()) {
    // Comments may be anywhere, also between the lines of an instruction.
    if (/^\s*(#|$)/.test(line)) continue;
    if (joined === '') begin = index + 1;
    joined += line.replace(/\\\s*$/, ' ');
    if (/\\\s*$/.test(line)) continue;
    instructions.push(instructionOf(joined.trim(), begin));
    joined = '';
  }
  if (joined !== '') throw new Error(`line ${begin}: it goes on, but the file does not`);
  return instructions;
}

function instructionOf(joined: string, line: number): Instruction {
  const [, name = '', flagsText = '', text = ''] = /^(\w+)((?:\s+--\S+)*)\s*(.*)$/s.exec(joined) ?? [];
  if (name === '' || text === '') throw new Error(`line ${line}: ${joined} is not understood`);
  const flags = flagsText.split(/\s+/).filter(Boolean);
  return {
    line,
    name: name.toUpperCase(),
    flags: new Map(flags.map((flag) => [flag.slice(2).split('=')[0] ?? '', flag.split('=').slice(1).join('=')])),
    text,
  };
}

/** The words of `ENV`, `LABEL` and `ARG`: `NAME=value`, or `NAME="a value"`, with `$OTHER` put in. */
export function assignmentsOf(text: string, known: Readonly<Record<string, string>> = {}): Record<string, string> {
  const words = text.match(/[\w.-]+=(?:"[^"]*"|\S*)/g) ?? [];
  if (words.join(' ') !== text.replace(/\s+(?=[\w.-]+=)/g, ' ')) throw new Error(`${text} is not understood`);
  return Object.fromEntries(
    words.map((word) => {
      const [, name = '', value = ''] = /^([^=]+)="?(.*?)"?$/s.exec(word) ?? [];
      return [name, value.replace(/\$\{?(\w+)\}?/g, (_, other: string) => known[other] ?? '')];
    }),
  );
}

/** `["node", "main.js"]`; the form for a shell is not what a signal gets through. */
export function execFormOf(text: string): readonly string[] {
  const words: unknown = text.startsWith('[') ? JSON.parse(text) : undefined;
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) {
    throw new Error(`${text} is not a JSON list of words`);
  }
  return words;
}
