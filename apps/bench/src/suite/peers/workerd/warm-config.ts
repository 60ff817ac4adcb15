/** A tenant's worker, and the socket it is asked at. */
export interface WarmWorker {
  readonly tenantId: string;
  readonly socket: string;
}

/** For one process, with a worker for each tenant that it has. */
export function warmConfigOf(workers: readonly WarmWorker[], backendSocket: string): string {
  const services = workers.map(({ tenantId }) => `    (name = "${tenantId}", worker = .deployed),`);
  const sockets = workers.map(
    ({ tenantId, socket }) =>
      `    (name = "${tenantId}", address = "unix:${socket}", http = (), service = "${tenantId}"),`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
${services.join('\n')}
    (name = "backend", external = (address = "unix:${backendSocket}", http = ())),
  ],
  sockets = [
${sockets.join('\n')}
  ],
);

const deployed :Workerd.Worker = (
  modules = [(name = "deployed.mjs", esModule = embed "deployed.mjs")],
  compatibilityDate = "2026-01-01",
  bindings = [(name = "BACKEND", service = "backend")],
);
`;
}
