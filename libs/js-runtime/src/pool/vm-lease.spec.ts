import { FakeVm } from '../../test-support/fake-vm-factory.ts';
import type { ScriptHeader } from '../protocol/messages.ts';
import type { CompileRequest, RunRequest } from '../process/vm-request.ts';
import { VmLease } from './vm-lease.ts';

const { jest } = import.meta;

const script: ScriptHeader = { key: 'key', name: 'script.js', wrap: 'script' };
const request: RunRequest & CompileRequest = {
  script,
  language: 'javascript',
  source: '1',
  units: [{ ...script, imports: [], compileMs: 1, sourceChars: 1, code: { source: '1', codeCache: undefined } }],
  contextJson: '{}',
  inputJson: '',
  limits: { timeoutMs: 100, maxCpuMs: 1, maxMemoryMb: 8, maxResultBytes: 1, maxLogBytes: 1, maxLogEntries: 1 },
};
const released = 'VM vm-1 was released; by now it may be another tenant';

describe('VmLease', () => {
  let vm: FakeVm;
  let lease: VmLease;

  beforeEach(() => {
    vm = new FakeVm('vm-1', 1001);
    lease = new VmLease(vm, 'acme');
  });

  it('is of one tenant, and holds until it ends', () => {
    expect(lease).toMatchObject({ tenantId: 'acme', isReleased: false });
    lease.end();
    expect(lease).toMatchObject({ tenantId: 'acme', isReleased: true });
  });

  it('passes on what its tenant wants of the VM, and what comes of it', async () => {
    const [run, compile, link] = [jest.spyOn(vm, 'run'), jest.spyOn(vm, 'compile'), jest.spyOn(vm, 'link')];
    await expect(lease.vm.run(request)).rejects.toThrow('a fake VM runs nothing');
    expect(run.mock.calls).toEqual([[request]]);
    await expect(lease.vm.compile(request)).rejects.toThrow('a fake VM compiles nothing');
    expect(compile.mock.calls).toEqual([[request]]);
    await expect(lease.vm.link(request)).resolves.toMatchObject({ outcome: { kind: 'compiled' } });
    expect(link.mock.calls).toEqual([[request]]);
  });

  it('lets its tenant end the VM, for its reason', async () => {
    lease.vm.kill('memory');
    expect(vm.alive).toBe(false);
    await expect(vm.exited).resolves.toMatchObject({ reason: 'memory' });
  });

  it('hides what only the pool may do with a VM', () => {
    for (const name of ['onRecycled', 'recycled', 'setPriority', 'check', 'memoryBytes', 'enforceLimits']) {
      expect(lease.vm).not.toHaveProperty(name);
    }
  });

  describe('after its end', () => {
    beforeEach(() => {
      lease.end();
    });

    it('runs nothing', async () => {
      const run = jest.spyOn(vm, 'run');
      await expect(lease.vm.run(request)).rejects.toThrow(released);
      expect(run).not.toHaveBeenCalled();
    });

    it('compiles and links nothing', async () => {
      const [compile, link] = [jest.spyOn(vm, 'compile'), jest.spyOn(vm, 'link')];
      await expect(lease.vm.compile(request)).rejects.toThrow(released);
      await expect(lease.vm.link(request)).rejects.toThrow(released);
      expect([compile.mock.calls, link.mock.calls]).toEqual([[], []]);
    });

    it('does not end the VM, which may be at work for somebody else', () => {
      expect(() => {
        lease.vm.kill('wall');
      }).toThrow(released);
      expect(vm.alive).toBe(true);
    });

    it('does so though somebody has the same VM by now', async () => {
      const next = new VmLease(vm, 'globex');
      await expect(lease.vm.run(request)).rejects.toThrow(released);
      await expect(next.vm.run(request)).rejects.toThrow('a fake VM runs nothing');
      next.vm.kill('wall');
      expect(vm.alive).toBe(false);
    });

    it('still lets look at the VM', async () => {
      expect(lease.vm).toMatchObject({ id: 'vm-1', pid: 1001, alive: true });
      expect(lease.vm.held('key', 8)).toBeUndefined();
      vm.exit();
      expect(lease.vm.alive).toBe(false);
      await expect(lease.vm.exited).resolves.toMatchObject({ reason: 'crashed' });
    });

    it('stays over', () => {
      lease.end();
      expect(lease.isReleased).toBe(true);
    });
  });
});
