import { execFileSync, exec, fork, spawn, spawnSync } from 'node:child_process';
import cluster from 'node:cluster';
import { createSocket } from 'node:dgram';
import { lookup, promises as dns } from 'node:dns';
import { once, type EventEmitter } from 'node:events';
import * as fs from 'node:fs';
import { get } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import inspector from 'node:inspector';
import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import { connect, createServer, type Server } from 'node:net';
import { hostname, networkInterfaces, setPriority } from 'node:os';
import type sqlite from 'node:sqlite';
import { connect as connectTls } from 'node:tls';
import { createTracing } from 'node:trace_events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { getHeapSnapshot, writeHeapSnapshot } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { WASI } from 'node:wasi';
import { Worker } from 'node:worker_threads';

/**
 * What somebody tries who has broken out of the isolate and runs code beside it, in Node's own realm. One line each: it does
 * the thing, harmlessly, and throws when it could not.
 */
export type Attempts = Readonly<Record<string, () => unknown>>;

const require = createRequire(import.meta.url);
const someFile = '/etc/passwd';
const packageJson = fileURLToPath(new URL('../../package.json', import.meta.url));
const ownCode = fileURLToPath(new URL('../../src/protocol/frame.ts', import.meta.url));
const traversal = `${fileURLToPath(new URL('../../src/protocol', import.meta.url))}/../../package.json`;
/** Beside the C library, and not loaded. */
const otherLibrary = `${dirname(loaded().find((name) => name.includes('libc.')) ?? '')}/libanl.so.1`;
const newFile = `/tmp/escaped-${process.pid}`;
/** Nobody listens there: whoever is refused got through. */
const address = { host: '127.0.0.1', port: 2 };
interface Binding {
  spawn?(options: object): unknown;
  Process?: new () => unknown;
}
const binding = (name: string): Binding => (process as unknown as { binding(n: string): Binding }).binding(name);

/** Denied by Node's permission model. */
export const DENIED: Attempts = {
  'read a file': () => fs.readFileSync(someFile),
  'read a file, with a promise': () => fs.promises.readFile(someFile),
  'read a file, as a stream': () => once(fs.createReadStream(someFile), 'data'),
  'read a file, as a blob': () => fs.openAsBlob(someFile),
  'read a file, by URL': () => fs.readFileSync(pathToFileURL(someFile)),
  'read a file, by bytes': () => fs.readFileSync(Buffer.from(someFile)),
  'read a file, past what is allowed': () => fs.readFileSync(traversal),
  'read a file of the library': () => fs.readFileSync(packageJson),
  'read a file as a module': () => require(packageJson) as unknown,
  'read a file as a module, imported': () => import(pathToFileURL(packageJson).href, { with: { type: 'json' } }),
  'read a file as environment': () => {
    process.loadEnvFile(packageJson);
  },
  'read the environment that it was started with': () => fs.readFileSync('/proc/self/environ'),
  "read the backend's environment": () => fs.readFileSync(`/proc/${process.ppid}/environ`),
  "read the backend's command line": () => fs.readFileSync(`/proc/${process.ppid}/cmdline`),
  "open the backend's memory": () => fs.openSync(`/proc/${process.ppid}/mem`, 'r'),
  'open a descriptor again': () => fs.openSync('/proc/self/fd/0', 'r'),
  'open a device': () => fs.openSync('/dev/null', 'r'),
  'list a directory': () => fs.readdirSync('/'),
  'list a directory, opened': () => fs.opendirSync('/dev/shm'),
  'ask about a file': () => fs.statSync(someFile),
  'ask about a link': () => fs.readlinkSync('/proc/self/exe'),
  'ask where a file is': () => fs.realpathSync.native(someFile),
  'ask whether it may': () => {
    fs.accessSync(someFile);
  },
  'ask about a disk': () => fs.statfsSync('/'),
  'watch a directory': () => {
    fs.watch('/tmp').close();
  },
  'write a file': () => {
    fs.writeFileSync(newFile, '');
    remove(newFile);
  },
  'write a file, with a promise': () => fs.promises.appendFile(ownCode, ''),
  'write its own code': () => {
    fs.appendFileSync(ownCode, '');
  },
  'copy a file': () => {
    fs.copyFileSync(ownCode, newFile);
    remove(newFile);
  },
  'change the mode of its own code': () => {
    fs.chmodSync(ownCode, fs.statSync(ownCode).mode);
  },
  'change the times of its own code': () => {
    const { atime, mtime } = fs.statSync(ownCode);
    fs.utimesSync(ownCode, atime, mtime);
  },
  'make a directory': () => {
    fs.mkdirSync(newFile);
    remove(newFile);
  },
  'make a directory of any name': () => {
    remove(fs.mkdtempSync(newFile));
  },
  'make a symbolic link': () => {
    fs.symlinkSync(someFile, newFile);
    remove(newFile);
  },
  'make a hard link': () => {
    fs.linkSync(ownCode, `${ownCode}.link`);
    remove(`${ownCode}.link`);
  },
  'write a report': () => {
    remove(process.report.writeReport(newFile));
  },
  'write a heap snapshot': () => {
    remove(writeHeapSnapshot(newFile));
  },
  'use a database, in any file': () => {
    const { DatabaseSync } = require('node:sqlite') as typeof sqlite;
    const database = new DatabaseSync(':memory:');
    database.exec(`ATTACH '${newFile}' AS other; CREATE TABLE other.t (a)`);
    database.close();
    remove(newFile);
  },
  'call a library': () =>
    (
      process.getBuiltinModule('node:ffi' as 'fs') as unknown as { dlopen: (path: null, symbols: object) => unknown }
    ).dlopen(null, {}),

  'start a program': () => once(spawn('/bin/true'), 'exit'),
  'start a program, and wait': () => spawnSync('/bin/true').error && fail(),
  'start a program, and read it': () => execFileSync('/bin/true'),
  'start a shell': () => once(exec('true'), 'exit'),
  'start a Node': () => once(fork(ownCode), 'exit'),
  'start a Node, clustered': () => once(cluster.fork(), 'exit'),
  'start a program past child_process': () => binding('spawn_sync').spawn?.({ file: '/bin/true', args: ['true'] }),
  'start a process past child_process': () => new (binding('process_wrap').Process ?? Object)(),
  'start a worker': async () => new Worker('0', { eval: true }).terminate(),
  'start a system interface': () => new WASI({ version: 'preview1' }),

  'connect to an address': () => connected(connect(address)),
  'connect to a name': () => connected(connect({ ...address, host: 'localhost' })),
  'connect to a local socket': () => connected(connect('/tmp/no-such-socket')),
  'connect to an abstract socket': () => connected(connect('\0no-such-socket')),
  'connect with TLS': () => connected(connectTls(address)),
  'connect with HTTP': () => connected(get(address)),
  'connect with HTTP/2': () => connected(connectHttp2('http://127.0.0.1:2')),
  'connect with fetch': () => fetch('http://127.0.0.1:2').catch(refused),
  'listen to an address': () => listened(createServer().listen(0, '127.0.0.1')),
  'listen to a local socket': () => listened(createServer().listen(newFile)),
  'listen to an abstract socket': () => listened(createServer().listen(`\0${newFile}`)),
  'send a datagram': async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.send('', 2, '127.0.0.1', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    socket.close();
  },
  'listen for datagrams': async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.close();
  },
  'look up a name': async () =>
    new Promise<void>((resolve, reject) => {
      lookup('localhost', (error) => {
        if (error) reject(error);
        else resolve();
      });
    }),
  'ask a name server': () => dns.resolve('localhost').catch(refused),
  'listen for a debugger': () => {
    inspector.open(0, '127.0.0.1');
    inspector.close();
  },
  'debug itself': () => {
    new inspector.Session().connect();
  },
  'trace itself into a file': () => {
    // Where it may, it would leave a file where this process was started.
    if ('permission' in process) createTracing({ categories: ['node'] }).enable();
  },
  'go elsewhere': () => {
    process.chdir('/tmp');
  },
  "have the backend's environment": () => 'PATH' in process.env || fail(),
};

/** Denied by the kernel, where setpriv and prlimit are there to ask it. */
export const DENIED_BY_KERNEL: Attempts = {
  'load another library': () => {
    try {
      process.dlopen({ exports: {} }, otherLibrary);
    } catch (error) {
      // It is loaded, and its code has run; it just is not an addon.
      if (!(error as Error).message.includes('did not self-register')) throw error;
    }
  },
  'know the addresses of the machine': networkInterfaces,
  'use a lot of memory': () => Buffer.alloc(2 ** 29).fill(1).length,
  'become another user': () => {
    process.setuid?.(65533);
  },
  'become more important': () => {
    setPriority(-10);
  },
};

/** Not denied: SECURITY.md says so. */
export const NOT_DENIED: Attempts = {
  'send a signal to the backend': () => process.kill(process.ppid, 0),
  'know the name of the machine': hostname,
  'know what is in its own memory': () => getHeapSnapshot().destroy(),
  'know which libraries it has loaded': loaded,
  'make code': () => runInThisContext('1') as unknown,
};

function loaded(): string[] {
  return (process.report.getReport() as { sharedObjects: string[] }).sharedObjects;
}

/** What was made counts, also when it cannot be taken back. */
function remove(path: string): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch {
    // It stays, and the attempt was achieved.
  }
}

function fail(): never {
  throw Object.assign(new Error('no'), { code: 'ERR_ACCESS_DENIED' });
}

async function connected(socket: EventEmitter & { destroy(): unknown }): Promise<void> {
  const [error] = (await once(socket, 'error')) as unknown[];
  socket.destroy();
  refused(error);
}

async function listened(server: Server): Promise<void> {
  await once(server, 'listening');
  server.close();
}

/** Nobody was there, but it could ask. */
function refused(error: unknown): void {
  const { code = '', cause } = error as { code?: string; cause?: unknown };
  if (cause !== undefined) refused(cause);
  else if (!['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'ESERVFAIL', 'ENODATA'].includes(code)) throw error;
}
