import type { CompiledScript } from './compiled-script.ts';
import { HotScripts } from './hot-scripts.ts';

const KIB = 1024;

function script(
  tenantId: string,
  id: string,
  chars = 20 * KIB,
  wrap: CompiledScript['wrap'] = 'script',
): CompiledScript {
  const source = id.padEnd(chars);
  return { id, tenantId, wrap, source, name: 'a.js', sourceHash: '', language: 'javascript', sourceBytes: chars };
}

function idsOf(hot: HotScripts, tenantId: string): readonly string[] {
  return hot.of(tenantId).map((one) => one.script.id);
}

describe('HotScripts', () => {
  it('are the four that a tenant ran last, the last first', () => {
    const hot = new HotScripts();
    for (const id of ['1', '2', '3', '4', '5', '2']) hot.ran(script('a', id), 64);
    expect(idsOf(hot, 'a')).toEqual(['2', '5', '4', '3']);
  });

  it('are each tenant’s own', () => {
    const hot = new HotScripts();
    hot.ran(script('a', '1'), 64);
    hot.ran(script('b', '2'), 64);
    expect(idsOf(hot, 'a')).toEqual(['1']);
    expect(idsOf(hot, 'b')).toEqual(['2']);
    expect(idsOf(hot, 'c')).toEqual([]);
  });

  it('can be forgotten, one by one', () => {
    const hot = new HotScripts();
    for (const id of ['1', '2']) hot.ran(script('a', id), 64);
    hot.forget('a', '1');
    hot.forget('a', '3');
    hot.forget('b', '2');
    expect(idsOf(hot, 'a')).toEqual(['2']);
    hot.forget('a', '2');
    expect(idsOf(hot, 'a')).toEqual([]);
    hot.ran(script('a', '1'), 64);
    expect(idsOf(hot, 'a')).toEqual(['1']);
  });

  it('have the memory limit that they ran with last', () => {
    const hot = new HotScripts();
    hot.ran(script('a', '1'), 64);
    hot.ran(script('a', '1'), 32);
    expect(hot.of('a')).toMatchObject([{ maxMemoryMb: 32 }]);
  });

  it('are neither modules nor small, nor larger than what a tenant may have', () => {
    const hot = new HotScripts();
    hot.ran(script('a', '1', 20 * KIB, 'module'), 64);
    hot.ran(script('a', '2', KIB), 64);
    hot.ran(script('a', '3', 1025 * KIB), 64);
    expect(idsOf(hot, 'a')).toEqual([]);
  });

  it('have a million characters at most', () => {
    const hot = new HotScripts();
    for (const id of ['1', '2', '3']) hot.ran(script('a', id, 500 * KIB), 64);
    expect(idsOf(hot, 'a')).toEqual(['3', '2']);
  });

  it('of all tenants have sixteen times that: who ran none for the longest time has none', () => {
    const hot = new HotScripts();
    for (let tenant = 0; tenant < 16; tenant++) hot.ran(script(`t${tenant}`, '1', KIB * KIB), 64);
    hot.ran(script('t0', '1', KIB * KIB), 64);
    hot.ran(script('new', '1', KIB * KIB), 64);
    expect(idsOf(hot, 't0')).toEqual(['1']);
    expect(idsOf(hot, 't1')).toEqual([]);
    expect(idsOf(hot, 't2')).toEqual(['1']);
  });
});
