import { Socket } from 'node:net';
import { encodeFrame, FrameDecoder } from '../../src/protocol/frame.ts';
import type { VmMessage } from '../../src/protocol/messages.ts';
import { wrapBody } from '../../src/sandbox/function-body.ts';
import type { SandboxArguments } from '../../src/sandbox/main.ts';
import { loadIsolatedVm, type IsolatedVm } from '../../src/sandbox/native.ts';
import { hardeningSource, REALM_FILE_NAME, realmSource } from '../../src/sandbox/realm/realm-source.ts';

/*
 * A VM process to be started in place of sandbox/main.ts, in which realms are kept: a request has a plan for its context, and is
 * answered with what came of it.
 */

export interface RealmPlan {
  readonly realm: 'plain' | 'hardened' | 'hardened with an open global';
  /** A module that is evaluated in each realm before anything else. */
  readonly module?: string;
  /** Function bodies, run one after the other in the same realm for as long as that is intact. `module` is what that exports by default. */
  readonly bodies: readonly string[];
}

/** What a body returned, or how it failed. */
export type BodyOutcome = { readonly value: unknown } | { readonly error: string };

export interface PlanOutcome {
  readonly outcomes: readonly BodyOutcome[];
  /** How many realms it took. */
  readonly realms: number;
}

type Context = ReturnType<InstanceType<IsolatedVm['Isolate']>['createContextSync']>;

type Reference = InstanceType<IsolatedVm['Reference']>;

interface OpenRealm {
  readonly context: Context;
  readonly exported: Reference | undefined;
  readonly isIntact: () => boolean;
}

const PIPE_FD = 3;
const MAX_FRAME_BYTES = 2 ** 26;

const { addonPath, maxMemoryMb, apis } = JSON.parse(process.argv[2] ?? '') as SandboxArguments;
const isolate = new (loadIsolatedVm(addonPath).Isolate)({ memoryLimit: maxMemoryMb });
const plainScript = isolate.compileScriptSync(realmSource(apis), { filename: REALM_FILE_NAME });
const hardening = isolate.compileScriptSync(hardeningSource(), { filename: REALM_FILE_NAME });

const decoder = new FrameDecoder(MAX_FRAME_BYTES, MAX_FRAME_BYTES, Infinity);
const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: true });
pipe.on('close', () => process.exit(0));
pipe.on('data', (chunk: Buffer) => {
  decoder.push(chunk, ({ header, attachments: [plan] }) => void answer((header as { id: number }).id, String(plan)));
});
send({ type: 'ready' });

async function answer(id: number, plan: string): Promise<void> {
  const result = JSON.stringify(await carryOut(JSON.parse(plan) as RealmPlan));
  send({ type: 'ran', id, outcome: { kind: 'value' }, refused: [], logs: [], cpuMs: 0, heapBytes: 0 }, result);
  send({ type: 'recycled', id, replaced: false });
}

async function carryOut({ realm: kind, module, bodies }: RealmPlan): Promise<PlanOutcome> {
  const outcomes: BodyOutcome[] = [];
  let realm = open(kind, module);
  let realms = 1;
  for (const body of bodies) {
    if (!realm.isIntact()) {
      realm = open(kind, module);
      realms++;
    }
    outcomes.push(await run(realm, body));
  }
  return { outcomes, realms };
}

function open(kind: RealmPlan['realm'], module?: string): OpenRealm {
  const context = isolate.createContextSync();
  plainScript.runSync(context, { reference: true });
  const realm = kind === 'plain' ? undefined : hardening.runSync(context, { reference: true });
  const exported = module === undefined ? undefined : evaluate(context, module);
  if (!realm) return { context, exported, isIntact: () => true };
  if (kind === 'hardened') realm.getSync('freezeGlobal', { reference: true }).applySync();
  const isIntact = realm.getSync('isIntact', { reference: true });
  return { context, exported, isIntact: () => isIntact.applySync() === true };
}

/** Returns what a module without imports exports by default. */
function evaluate(context: Context, source: string): Reference {
  const module = isolate.compileModuleSync(source);
  module.instantiateSync(context, () => {
    throw new Error('a module without others');
  });
  module.evaluateSync();
  return module.namespace.getSync('default', { reference: true });
}

async function run({ context, exported }: OpenRealm, body: string): Promise<BodyOutcome> {
  try {
    const bind = isolate.compileScriptSync(`(module) => ${wrapBody(body)}`).runSync(context, { reference: true });
    const invoke = bind.applySync(undefined, [exported?.derefInto()], { result: { reference: true } });
    const value: unknown = await invoke.applySync(undefined, [], { result: { promise: true, copy: true } });
    return { value };
  } catch (error) {
    return { error: String(error) };
  }
}

function send(message: VmMessage, attachment = ''): void {
  pipe.write(encodeFrame(message, [attachment, '']));
}
