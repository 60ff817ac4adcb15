import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { debianPackagesOf, unpackDebian } from './debian-packages.ts';
import { DockerIgnore } from './docker-ignore.ts';
import { assignmentsOf, execFormOf, parseDockerfile, type Instruction, type Stage } from './dockerfile.ts';

/** What a Dockerfile makes: a folder in place of a file system, and how to start what is in it. */
export interface Image {
  /** The folder that is `/`. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  /** As `USER` has it; undefined: root. */
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[] | undefined;
}

export interface BuildOptions {
  /** The folder with the Dockerfile. */
  readonly context: string;
  /** An empty folder; every stage gets one in it. */
  readonly directory: string;
  /** What stands for the Node of the base image. */
  readonly node: string;
  readonly report: (step: string) => void;
}

/**
 * Takes the steps of a Dockerfile one by one. A stage is a folder; `RUN` runs in it, with the system's own shell and tools,
 * but with the image's Node and with nothing of this process's environment but the way to the package registry. Packages of
 * Debian are unpacked into it, not installed, where this system is one.
 *
 * @throws Error naming the line of the step that failed
 */
export function buildImage(options: BuildOptions): Image {
  const { context, directory } = options;
  const stages = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  const ignoreFile = join(context, '.dockerignore');
  const ignore = new DockerIgnore(existsSync(ignoreFile) ? readFileSync(ignoreFile, 'utf8') : '');
  const built = new Map<string, Image>();
  let image: Image | undefined;
  for (const [index, stage] of stages.entries()) {
    const name = stage.name ?? String(index);
    image = new StageBuilder(options, ignore, built, join(directory, name)).build(stage, name);
    built.set(name, image);
  }
  if (!image) throw new Error('the Dockerfile has no stage');
  return image;
}

class StageBuilder {
  readonly #options: BuildOptions;
  readonly #ignore: DockerIgnore;
  readonly #built: ReadonlyMap<string, Image>;
  #image: Image;
  #args: Record<string, string> = {};

  constructor(options: BuildOptions, ignore: DockerIgnore, built: ReadonlyMap<string, Image>, root: string) {
    this.#options = options;
    this.#ignore = ignore;
    this.#built = built;
    this.#image = {
      root,
      workdir: '/',
      env: {},
      user: undefined,
      entrypoint: [],
      command: ['node'],
      healthcheck: undefined,
    };
  }

  build({ from, instructions }: Stage, name: string): Image {
    this.#begin(from);
    for (const instruction of instructions) {
      const startedAt = performance.now();
      try {
        this.#take(instruction);
      } catch (error) {
        const { line, name: what, text } = instruction;
        throw new Error(`Dockerfile, line ${line}: ${what} ${text}: ${(error as Error).message}`, { cause: error });
      }
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      this.#options.report(`[${name}] ${instruction.name} ${instruction.text.slice(0, 100)} (${seconds} s)`);
    }
    return this.#image;
  }

  #begin(from: string): void {
    const { root } = this.#image;
    const earlier = this.#built.get(from);
    if (earlier) {
      cpSync(earlier.root, root, { recursive: true, verbatimSymlinks: true });
      this.#image = { ...earlier, root };
      return;
    }
    const version = /^node:(\d+\.\d+\.\d+)-\w+-slim$/.exec(from)?.[1];
    if (version === undefined) throw new Error(`FROM ${from}: only node:<version>-<Debian>-slim is known`);
    const { stdout } = spawnSync(this.#options.node, ['--version'], { encoding: 'utf8' });
    if (stdout.trim() !== `v${version}`) {
      throw new Error(`FROM ${from}: the development dependency \`node\` is ${stdout.trim()}`);
    }
    const bin = join(root, 'usr/local/bin');
    mkdirSync(bin, { recursive: true });
    copyFileSync(this.#options.node, join(bin, 'node'));
    chmodSync(join(bin, 'node'), 0o755);
  }

  #take({ name, flags, text }: Instruction): void {
    const known = { ...this.#args, ...this.#image.env };
    switch (name) {
      case 'COPY':
        this.#copy(flags, text.split(/\s+/));
        return;
      case 'RUN':
        this.#run(flags, text);
        return;
      case 'WORKDIR':
        this.#image = { ...this.#image, workdir: resolve(this.#image.workdir, text) };
        mkdirSync(this.#inside(''), { recursive: true });
        return;
      case 'ENV':
        this.#image = { ...this.#image, env: { ...this.#image.env, ...assignmentsOf(text, known) } };
        return;
      case 'ARG':
        this.#args = { ...this.#args, ...assignmentsOf(text, known) };
        return;
      case 'LABEL':
        assignmentsOf(text, known);
        return;
      case 'EXPOSE':
        if (!/^\d+$/.test(text)) throw new Error('one port is expected');
        return;
      case 'USER':
        this.#image = { ...this.#image, user: text };
        return;
      case 'ENTRYPOINT':
        this.#image = { ...this.#image, entrypoint: execFormOf(text), command: [] };
        return;
      case 'CMD':
        this.#image = { ...this.#image, command: execFormOf(text) };
        return;
      case 'HEALTHCHECK':
        this.#image = { ...this.#image, healthcheck: execFormOf(text.replace(/^CMD\s+/, '')) };
        return;
      default:
        throw new Error('the rehearsal does not know this instruction');
    }
  }

  /** A path of the image, as it is outside. */
  #inside(path: string): string {
    return join(this.#image.root, resolve(this.#image.workdir, path));
  }

  #copy(flags: ReadonlyMap<string, string>, words: readonly string[]): void {
    const unknown = [...flags.keys()].find((flag) => flag !== 'from' && flag !== 'chmod');
    if (unknown !== undefined) throw new Error(`the rehearsal does not know --${unknown}`);
    const [sources, target = ''] = [words.slice(0, -1), words.at(-1)];
    const stage = flags.get('from');
    const origin = stage === undefined ? this.#options.context : this.#built.get(stage)?.root;
    if (origin === undefined) throw new Error(`there is no stage ${stage}`);
    if (sources.length === 0 || (sources.length > 1 && !target.endsWith('/'))) throw new Error('is not understood');
    const isIgnored = (path: string): boolean => stage === undefined && this.#ignore.ignores(path);
    for (const source of sources) {
      const files = filesOf(origin, source.replace(/^\//, '')).filter(({ path }) => !isIgnored(path));
      if (files.length === 0) {
        throw new Error(`${source} is not in ${stage === undefined ? 'the build context' : `stage ${stage}`}`);
      }
      for (const { path, within } of files) {
        const isInto = within !== '' || target.endsWith('/');
        const to = isInto ? join(this.#inside(target), within === '' ? basename(path) : within) : this.#inside(target);
        mkdirSync(dirname(to), { recursive: true });
        copyAsItIs(join(origin, path), to);
        const mode = flags.get('chmod');
        if (mode !== undefined) chmodSync(to, Number.parseInt(mode, 8));
      }
    }
  }

  #run(flags: ReadonlyMap<string, string>, text: string): void {
    if (flags.size > 0) throw new Error('the rehearsal does not know flags of RUN');
    const { root, env } = this.#image;
    if (text.startsWith('apt-get ')) {
      const missing = unpackDebian(debianPackagesOf(text), root);
      if (missing.length > 0) this.#options.report(`    (not to be had here, so left out: ${missing.join(', ')})`);
      return;
    }
    const path = [join(root, 'usr/local/bin'), ...systemPath()].join(':');
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', text], {
      cwd: this.#inside(''),
      env: { ...wayToRegistry(), ...this.#args, ...env, PATH: path },
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
    });
    if (status !== 0) throw new Error(`exit code ${status}\n${stdout}${stderr}`);
  }
}

interface SourceFile {
  /** Relative to where it is copied from. */
  readonly path: string;
  /** Relative to the directory that `COPY` names; '' when it names the file itself. */
  readonly within: string;
}

function filesOf(origin: string, source: string): SourceFile[] {
  const full = join(origin, source);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [{ path: source, within: '' }];
  return filesWithin(full).map((within) => ({ path: join(source, within), within }));
}

/** Links are files, wherever they lead. */
function filesWithin(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [entry.name];
    return filesWithin(join(directory, entry.name)).map((within) => join(entry.name, within));
  });
}

function copyAsItIs(from: string, to: string): void {
  if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else copyFileSync(from, to);
}

/** Without the programs of this repository: `npm run` puts them first. */
function systemPath(): string[] {
  return (process.env.PATH ?? '').split(':').filter((directory) => !directory.includes('node_modules'));
}

/** How this machine reaches its registry, which an image's build is told by its engine. */
function wayToRegistry(): NodeJS.ProcessEnv {
  const names = /^(HOME|NODE_EXTRA_CA_CERTS|npm_config_(registry|cache|userconfig|cafile)|(https?|no)_proxy)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)));
}
