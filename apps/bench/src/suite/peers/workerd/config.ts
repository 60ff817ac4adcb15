/** For one process. Sockets are files, of one folder. */
export function configOf(socket: string, backendSocket: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "backend", external = (address = "unix:${backendSocket}", http = ())),
  ],
  sockets = [(name = "http", address = "unix:${socket}", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [(name = "main.mjs", esModule = embed "main.mjs")],
  compatibilityDate = "2026-01-01",
  compatibilityFlags = ["experimental"],
  bindings = [(name = "LOADER", workerLoader = (id = "scripts")), (name = "BACKEND", service = "backend")],
);
`;
}
