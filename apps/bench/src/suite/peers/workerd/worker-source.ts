import type { Deployed } from '../../workload.ts';

/** A worker as one deploys it. What it is asked with is the context. */
export function deployedSource({ declarations, expression }: Deployed): string {
  return `${declarations}
export default {
  async fetch(request, env) {
    const context = await request.json();
    const bench = {
      next: async (step) => (await env.BACKEND.fetch('http://backend/', { method: 'POST', body: JSON.stringify(step) })).json(),
    };
    return Response.json(await (${expression}));
  },
};
`;
}

/** The worker that gets the runs: it loads a worker of its own for each. */
export const WORKER_SOURCE = `
let script = '';

export default {
  async fetch(request, env) {
    const text = await request.text();
    if (request.method === 'PUT') {
      script = text;
      return new Response();
    }
    const worker = env.LOADER.load({
      compatibilityDate: '2026-01-01',
      mainModule: 'script.js',
      modules: { 'script.js': moduleOf(text) },
      env: { BACKEND: env.BACKEND },
      globalOutbound: null,
    });
    return worker.getEntrypoint().fetch('http://script/');
  },
};

const BENCH = \`{
  next: async (step) => (await env.BACKEND.fetch('http://backend/', { method: 'POST', body: JSON.stringify(step) })).json(),
}\`;

const moduleOf = (contextJson) =>
  'const context = ' + contextJson + '; let bench; export default { async fetch(_, env) { bench = ' + BENCH +
  '; return Response.json(await ' + script + '); } };';
`;
