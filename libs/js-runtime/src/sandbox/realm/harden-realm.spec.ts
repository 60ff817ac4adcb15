import { CHANGEABLE, HIDDEN, NOT_PASSED_ON, PASSED_ON } from '../../../test-support/realms/smuggling.ts';
import { useRealms } from '../../../test-support/realms/use-realms.ts';

/** More than that there are with Node 26; fewer would mean that the walk does not get everywhere. */
const INTRINSICS = 900;

describe('A hardened realm', () => {
  const { carryOut, lastOf } = useRealms();

  it('has nothing that can be changed, but for RegExp.prototype', async () => {
    const body = `${HIDDEN} ${CHANGEABLE} return changeable([globalThis, ...hidden], RegExp.prototype);`;
    const { value } = (await lastOf('hardened', body)) as { value: { found: string[]; objects: number } };
    expect(value.found).toEqual([]);
    expect(value.objects).toBeGreaterThan(INTRINSICS);
  });

  it.each(PASSED_ON)('does not pass on %s', async (_, leave, find) => {
    const untouched = await lastOf('hardened', find);
    await expect(lastOf('hardened', leave, find)).resolves.toEqual(untouched);
    // Other realms do, or nothing was tried.
    const inOther = await lastOf('plain', find);
    await expect(lastOf('plain', leave, find)).resolves.not.toEqual(inOther);
  });

  it.each(NOT_PASSED_ON)('does not pass on %s, as no realm does', async (_, leave, find) => {
    const untouched = await lastOf('hardened', find);
    expect(untouched).not.toHaveProperty('error');
    await expect(lastOf('hardened', leave, find)).resolves.toEqual(untouched);
  });

  it('is kept when nothing was done to RegExp.prototype', async () => {
    const bodies = ['return "abc".replace(/b/g, "x")', '/(a)/y.exec("a"); Math.left = 1; return 1', 'return 2'];
    await expect(carryOut({ realm: 'hardened', bodies })).resolves.toEqual({
      outcomes: [{ value: 'axc' }, { value: 1 }, { value: 2 }],
      realms: 1,
    });
  });

  it('is not entered again when something was', async () => {
    const bodies = ['RegExp.prototype.left = 1', 'return /a/.left', 'return 1'];
    const { realms } = await carryOut({ realm: 'hardened', bodies });
    expect(realms).toBe(2);
  });

  it('is not entered again for as long as its global object can be added to', async () => {
    const { realms } = await carryOut({ realm: 'hardened with an open global', bodies: ['return 1', 'return 2'] });
    expect(realms).toBe(3);
  });

  it('keeps what a module has, and what that has shared while it was evaluated', async () => {
    const module = 'let own = 0; globalThis.shared = { n: 0 }; export default () => [++own, ++shared.n];';
    const bodies = [
      'return module()',
      'globalThis.shared = 1; globalThis.left = 1; return module()',
      'return typeof left',
    ];
    await expect(carryOut({ realm: 'hardened', module, bodies })).resolves.toEqual({
      outcomes: [{ value: [1, 1] }, { value: [2, 2] }, { value: 'undefined' }],
      realms: 1,
    });
  });

  it('has nothing that a module could change while it is evaluated', async () => {
    const module = `
      const failed = [() => { Array.prototype.left = 1; }, () => { globalThis.Map = 1; }, () => { delete Math.max; }].map((change) => {
        try { change(); } catch (error) { return error.name; }
      });
      export default () => failed;`;
    await expect(carryOut({ realm: 'hardened', module, bodies: ['return module()'] })).resolves.toMatchObject({
      outcomes: [{ value: ['TypeError', 'TypeError', 'TypeError'] }],
    });
  });
});
