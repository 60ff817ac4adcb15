interface Rule {
  readonly isException: boolean;
  readonly pattern: RegExp;
}

/**
 * What a `.dockerignore` keeps out of the build context. The last rule that fits a file, or a directory that it is in, decides.
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export class DockerIgnore {
  readonly #rules: readonly Rule[];

  constructor(text: string) {
    const lines = text.split('\n').map((line) => line.trim());
    this.#rules = lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({ isException: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }));
  }

  /** @param path of a file, relative to the context */
  ignores(path: string): boolean {
    const parts = path.split('/');
    const paths = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const last = this.#rules.findLast(({ pattern }) => paths.some((one) => pattern.test(one)));
    return last !== undefined && !last.isException;
  }
}

function patternOf(glob: string): RegExp {
  const source = glob.replace(/^\/|\/$/g, '').replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
    switch (token) {
      case '**/':
        return '(?:.*/)?';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      default:
        return `\\${token}`;
    }
  });
  return new RegExp(`^${source}$`);
}
