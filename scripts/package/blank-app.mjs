import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Serves the module of the README. The first line of its output has the address. */
const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    noEmitOnError: true,
    rootDir: 'src',
    outDir: 'dist',
  },
  include: ['src'],
};

/**
 * Writes a Nest application that consists of `appModule`, of a `main.ts`, and of nothing else.
 * @param versions what it depends on: at run time, and to be compiled
 */
export async function writeBlankApp(folder, appModule, { dependencies, devDependencies }) {
  const manifest = {
    name: 'blank-app',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies,
    devDependencies,
  };
  await mkdir(join(folder, 'src'), { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG, null, 2));
  await writeFile(join(folder, 'src/app.module.ts'), appModule);
  await writeFile(join(folder, 'src/main.ts'), MAIN);
}
