import { Socket } from 'node:net';

/* Sends back whatever comes on the pipe. */
const pipe = new Socket({ fd: 3, readable: true, writable: true });
pipe.on('data', (chunk: Buffer) => pipe.write(chunk));
pipe.on('end', () => process.exit(0));
