import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { tampering } from '../../test-support/tampering.ts';
import { OURS, textOf } from '../../test-support/what-a-tenant-sees.ts';

describe('A script that has tampered with', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => {
    await runtime.close();
  });

  // Named as a file of the code around it, so that frames of that would be taken for the script's.
  const name = 'execution.ts';

  describe.each(Object.entries(tampering))('%s', (_, tamper) => {
    it('gets its result', async () => {
      const value = { a: [1, 'two', null], b: { c: true } };
      const json = JSON.stringify(value);
      await expect(runtime.valueOf(`${tamper}\n(${json})`)).resolves.toEqual(value);
      await expect(runtime.valueOf(`${tamper}\nreturn ${json}`, { wrap: 'function' })).resolves.toEqual(value);
      await expect(runtime.valueOf(`${tamper}\n(async () => (${json}))()`)).resolves.toEqual(value);
    });

    it('gets what comes of timers and microtasks', async () => {
      const source = `const P = Promise; ${tamper}
        queueMicrotask(() => console.log('microtask'));
        new P((resolve) => {
          let n = 0;
          const id = setInterval((by) => {
            n += by;
            if (n < 6) return;
            clearInterval(id);
            setTimeout((a) => resolve([n, a]), 5, 'late');
          }, 1, 2);
        })`;
      const { value, logs } = await runtime.run(source);
      expect(value).toEqual([6, 'late']);
      expect(logs).toEqual([{ level: 'log', message: 'microtask' }]);
    });

    it('gets its context, which it has not looked at before', async () => {
      const source = `const { isFrozen } = Object; ${tamper}
        isFrozen(context) && isFrozen(context.tenant) && context.tenant.id`;
      await expect(runtime.valueOf(source)).resolves.toBe('acme');
    });

    it('gets its logs', async () => {
      const { logs } = await runtime.run(`${tamper}\nconsole.warn('text', 1, null, [1, { a: 2 }])`);
      expect(logs).toEqual([{ level: 'warn', message: 'text 1 null [1,{"a":2}]' }]);
    });

    it.each([
      ['thrown', 'throw new RangeError("no")'],
      ['thrown by a function it calls', '[1].at(0); (() => { throw new RangeError("no"); })()'],
      ['of an async function', '(async () => { throw new RangeError("no"); })()'],
      [
        'of a timer',
        'setTimeout(() => { throw new RangeError("no"); }, 1); (async () => { for (;;) await forever; })()',
      ],
      ['of a microtask', 'queueMicrotask(() => { throw new RangeError("no"); }); forever'],
    ])('gets the error %s, with its position', async (_kind, source) => {
      const error = await runtime.errorOf(`const forever = new Promise(() => {}); ${tamper}\n${source}`, { name });
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR', message: 'RangeError: no' });
      expect(error.details.error).toMatchObject({ name: 'RangeError', message: 'no', line: 2 });
      expect(textOf(error)).not.toMatch(OURS);
    });
  });

  it('the stack, and looks at its context with less and less of it used, gets all of that frozen', async () => {
    const source = `const down = () => { try { down(); } catch { void context; } };
      down();
      Object.isFrozen(context) && Object.isFrozen(context.tenant) && context.tenant.id`;
    await expect(runtime.valueOf(source)).resolves.toBe('acme');
  });
});
