import { Socket } from 'node:net';
import { decodeMessages, encodeMessage } from './length-prefixed.ts';

/* Answers whatever comes on the pipe: bytes with the same bytes; with the argument `messages`, each message with another. */
const pipe = new Socket({ fd: 3, readable: true, writable: true });
if (process.argv[2] === 'messages') {
  decodeMessages(pipe, ({ id, text }) => pipe.write(encodeMessage({ id, text })));
} else {
  pipe.on('data', (chunk: Buffer) => pipe.write(chunk));
}
pipe.on('end', () => process.exit(0));
