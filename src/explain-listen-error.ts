/** Why the backend cannot listen where it was told to, in one line for the operator; undefined for any other error. */
export function explainListenError(error: unknown, host: string, port: number): string | undefined {
  const { syscall, code, message } = error as Partial<NodeJS.ErrnoException>;
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return undefined;
  if (code === 'EADDRINUSE') {
    return `Port ${port} of ${host} is in use: end what listens there, or set PORT to a port that is free`;
  }
  return `Cannot listen on port ${port} of ${host}: ${message ?? code}. PORT and HOST say where to listen`;
}
