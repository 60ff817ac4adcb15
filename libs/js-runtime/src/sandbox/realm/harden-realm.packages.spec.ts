import { bundleAsBody, bundleAsModule, packages } from '../../../test-support/realms/packages/bundle.ts';
import { useRealms } from '../../../test-support/realms/use-realms.ts';

describe('In a hardened realm', () => {
  const { carryOut } = useRealms();

  describe.each(packages)('%s', (name) => {
    it('comes to the same as in any other, as often as it is asked', async () => {
      const body = await bundleAsBody(name);
      const { outcomes } = await carryOut({ realm: 'plain', bodies: [body] });
      expect(outcomes).toEqual([{ value: expect.anything() }]);
      const hardened = await carryOut({ realm: 'hardened', bodies: [body, body] });
      expect(hardened).toEqual({ outcomes: [...outcomes, ...outcomes], realms: 1 });
    });

    it('comes to the same when its module is evaluated once', async () => {
      const module = await bundleAsModule(name);
      const [body, again] = ['return module()', 'return module()'];
      const plain = await carryOut({ realm: 'plain', module, bodies: [body, again] });
      expect(plain.outcomes).toEqual([{ value: expect.anything() }, { value: expect.anything() }]);
      await expect(carryOut({ realm: 'hardened', module, bodies: [body, again] })).resolves.toEqual(plain);
    });
  });
});
