import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { debianPackagesOf } from './debian-packages.ts';
import { DockerIgnore } from './docker-ignore.ts';
import { assignmentsOf, parseDockerfile } from './dockerfile.ts';
import { buildImage, type Image } from './image-builder.ts';

const FROM = `FROM node:${process.versions.node}-trixie-slim`;

describe('The rehearsal of a Dockerfile', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'js-runtime-rehearsal-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function build(files: Readonly<Record<string, string>>): Image {
    const context = join(directory, 'context');
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(context, name)), { recursive: true });
      writeFileSync(join(context, name), text);
    }
    return buildImage({
      context,
      directory: join(directory, 'stages'),
      node: process.execPath,
      report: () => undefined,
    });
  }

  it('takes the steps of all stages', () => {
    const image = build({
      'src/deep/a.txt': 'a',
      'src/b.log': 'b',
      '.dockerignore': '**/*.log',
      Dockerfile: `
        ${FROM} AS base
        # A comment
        WORKDIR /app
        COPY src/ from-context/
        RUN cat from-context/deep/a.txt > made && \\
            node -p process.version >> made
        ${FROM}
        ENV MODE=quiet NAME="of $MODE"
        WORKDIR /srv
        COPY --from=base --chmod=600 /app/made /app/from-context ./
        USER 5:6
        HEALTHCHECK --interval=30s CMD ["true"]
        ENTRYPOINT ["tini"]
        CMD ["node", "main.js"]`,
    });
    expect(image).toMatchObject({
      workdir: '/srv',
      env: { MODE: 'quiet' },
      user: '5:6',
      healthcheck: ['true'],
      entrypoint: ['tini'],
      command: ['node', 'main.js'],
    });
    expect(readFileSync(join(image.root, 'srv/made'), 'utf8')).toBe(`a${process.version}\n`);
    expect(readFileSync(join(image.root, 'srv/deep/a.txt'), 'utf8')).toBe('a');
    expect(existsSync(join(image.root, 'srv/b.log'))).toBe(false);
  });

  it.each([
    ['a file that is not there', 'COPY main.js ./', 'main.js is not in the build context'],
    ['a file that .dockerignore keeps out', 'COPY secret.env ./', 'secret.env is not in the build context'],
    ['a directory of which nothing is left', 'COPY secrets/ ./', 'secrets/ is not in the build context'],
    ['a stage that is not there', 'COPY --from=build /app ./', 'there is no stage build'],
    ['a command that fails', 'RUN exit 3', 'exit code 3'],
    ['a command that is not there', 'RUN no-such-command', 'exit code 127'],
    ['an instruction that it does not know', 'VOLUME /data', 'the rehearsal does not know this instruction'],
    ['a flag that it does not know', 'COPY --link secrets/ ./', 'the rehearsal does not know --link'],
    ['a command that a shell would be in front of', 'CMD node main.js', 'is not a JSON list of words'],
  ])('fails at %s, and names the line', (_, step, reason) => {
    const files = { 'secret.env': 'x', 'secrets/key.env': 'x', '.dockerignore': '**/*.env' };
    expect(() => build({ ...files, Dockerfile: `${FROM}\n${step}\n` })).toThrow(/^Dockerfile, line 2: /);
    rmSync(join(directory, 'stages'), { recursive: true });
    expect(() => build({ ...files, Dockerfile: `${FROM}\n${step}\n` })).toThrow(reason);
  });

  it('fails when the image has another Node than the repository', () => {
    expect(() => build({ Dockerfile: 'FROM node:26.0.0-trixie-slim\n' })).toThrow(
      'FROM node:26.0.0-trixie-slim: the development dependency `node` is',
    );
  });

  it.each(['', 'RUN true', 'FROM a b c', `${FROM}\nRUN true \\`, `${FROM}\nRUN`])('does not guess at %j', (text) => {
    expect(() => parseDockerfile(text)).toThrow(/FROM|not understood|the file does not/);
  });

  it('puts variables into values', () => {
    expect(assignmentsOf('a="x y" b=$C-${C}', { C: 'c' })).toEqual({ a: 'x y', b: 'c-c' });
    expect(() => assignmentsOf('a = b')).toThrow('is not understood');
  });

  it('finds the packages that apt-get installs', () => {
    const command = 'apt-get update && apt-get install --yes --no-install-recommends tini curl && rm -rf /lists';
    expect(debianPackagesOf(command)).toEqual(['tini', 'curl']);
  });
});

describe('The .dockerignore of this repository', () => {
  const ignore = new DockerIgnore(readFileSync('.dockerignore', 'utf8'));

  it.each([
    '.git/config',
    '.env',
    'deploy/k8s/secret.yaml',
    'node_modules/x/index.js',
    'libs/js-runtime/node_modules/x/package.json',
    'libs/js-runtime/dist/index.js',
    'libs/js-runtime/src/config/environment.spec.ts',
    'libs/js-runtime/test-support/find-redis-server.ts',
    'src/config/backend.config.spec.ts',
    'test/process.e2e-spec.ts',
  ])('keeps %s out', (path) => {
    expect(ignore.ignores(path)).toBe(true);
  });

  it.each(['package.json', 'package-lock.json', 'src/main.ts', 'libs/js-runtime/package.json', 'src/config/a.ts'])(
    'lets %s in',
    (path) => {
      expect(ignore.ignores(path)).toBe(false);
    },
  );
});
