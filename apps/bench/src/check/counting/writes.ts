import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Socket } from 'node:net';
import { replaceFunction } from './replace-function.ts';

/** What Node has beneath a socket. Each of its `write…` is one system call, as long as there is room in the pipe. */
export interface StreamHandle {
  readonly fd: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that have not left for want of room. */
  readonly writeQueueSize: number;
}

export function handleOf(socket: Socket): StreamHandle {
  const { _handle: handle } = socket as unknown as { _handle: StreamHandle | null };
  if (!handle) throw new Error('the socket is closed');
  return handle;
}

const ENCODINGS = {
  writeAsciiString: 'latin1',
  writeLatin1String: 'latin1',
  writeUtf8String: 'utf8',
  writeUcs2String: 'utf16le',
} as const;

/** Tells of everything that any pipe is given to write, whoever writes it. @param pipe any one */
export function onWrites(pipe: Socket, told: (handle: StreamHandle, parts: readonly Uint8Array[]) => void): void {
  const prototype = prototypeWith(handleOf(pipe), 'writeBuffer');
  const tell = (name: string, partsOf: (data: unknown, areBuffers: unknown) => Uint8Array[]): void => {
    replaceFunction(
      prototype,
      name,
      (original) =>
        function (...args) {
          const [, data, areBuffers] = args;
          const result = Reflect.apply(original, this, args);
          told(this as StreamHandle, partsOf(data, areBuffers));
          return result;
        },
    );
  };
  tell('writeBuffer', (data) => [data as Uint8Array]);
  tell('writev', (data, areBuffers) => partsOfVector(data as unknown[], areBuffers === true));
  for (const [name, encoding] of Object.entries(ENCODINGS)) {
    tell(name, (data) => [Buffer.from(data as string, encoding)]);
  }
}

/** As `onWrites`, of what is written to a descriptor past all that. */
export function onSyncWrites(told: (fd: number, parts: readonly Uint8Array[]) => void): void {
  replaceFunction(fs, 'writeSync', (original) => (...args) => {
    const writtenBytes = original(...args) as number;
    const [fd, data, offset] = args;
    const bytes = typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array);
    const start = typeof data === 'string' || typeof offset !== 'number' ? 0 : offset;
    told(fd as number, [bytes.subarray(start, start + writtenBytes)]);
    return writtenBytes;
  });
  replaceFunction(fs, 'writevSync', (original) => (...args) => {
    const writtenBytes = original(...args) as number;
    const [fd, parts] = args;
    told(fd as number, [Buffer.concat(parts as Uint8Array[]).subarray(0, writtenBytes)]);
    return writtenBytes;
  });
  syncBuiltinESMExports();
}

/** Buffers; or each part, and after it its encoding. */
function partsOfVector(data: readonly unknown[], areBuffers: boolean): Uint8Array[] {
  if (areBuffers) return data as Uint8Array[];
  const parts: Uint8Array[] = [];
  for (let index = 0; index < data.length; index += 2) {
    const part = data[index];
    parts.push(typeof part === 'string' ? Buffer.from(part, data[index + 1] as BufferEncoding) : (part as Uint8Array));
  }
  return parts;
}

function prototypeWith(object: object, name: string): object {
  let prototype: object | null = object;
  while (prototype && !Object.hasOwn(prototype, name)) prototype = Object.getPrototypeOf(prototype) as object | null;
  if (!prototype) throw new Error(`this Node's pipes have no ${name}`);
  return prototype;
}
