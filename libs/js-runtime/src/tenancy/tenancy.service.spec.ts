import { Test, type TestingModule } from '@nestjs/testing';
import { ClsModule, ClsService } from 'nestjs-cls';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { TenantContext } from './tenant-context.ts';
import { TenancyService } from './tenancy.service.ts';

const acme: TenantContext = { tenant: { id: 'acme', plan: 'pro' }, user: { id: 'u1' }, request: { id: 'r1' } };
const globex: TenantContext = { tenant: { id: 'globex' } };
const missing: Error = expect.objectContaining({ name: 'JsRuntimeError', code: 'TENANT_CONTEXT_MISSING' });

describe('TenancyService', () => {
  let module: TestingModule;
  let tenancy: TenancyService;
  let cls: ClsService;

  beforeAll(async () => {
    module = await Test.createTestingModule({
      imports: [ClsModule.forRoot({ global: true })],
      providers: [TenancyService],
    }).compile();
    tenancy = module.get(TenancyService);
    cls = module.get(ClsService);
  });

  afterAll(async () => {
    await module.close();
  });

  describe('runAs', () => {
    it('sets the tenant for the work and gives back what that returns', () => {
      expect(tenancy.runAs(acme, () => tenancy.current())).toBe(acme);
    });

    it('keeps the tenant across awaits and timers', async () => {
      const seen = await tenancy.runAs(acme, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return tenancy.current();
      });
      expect(seen).toBe(acme);
    });

    it('ends with the work', () => {
      tenancy.runAs(acme, () => undefined);
      expect(() => tenancy.current()).toThrow(missing);
    });

    it('lets an error of the work through, and still ends', () => {
      expect(() =>
        tenancy.runAs(acme, () => {
          throw new RangeError('of the work');
        }),
      ).toThrow(RangeError);
      expect(() => tenancy.current()).toThrow(missing);
    });

    it('can be nested: the outer tenant is back afterwards', () => {
      const seen = tenancy.runAs(acme, () => {
        const inner = tenancy.runAs(globex, () => tenancy.current());
        return [inner, tenancy.current()];
      });
      expect(seen).toEqual([globex, acme]);
    });

    it('never mixes two that run at the same time', async () => {
      const turns = 20;
      const watch = async (context: TenantContext): Promise<TenantContext[]> =>
        tenancy.runAs(context, async () => {
          const seen: TenantContext[] = [];
          for (let turn = 0; turn < turns; turn++) {
            seen.push(tenancy.current());
            await new Promise((resolve) => setImmediate(resolve));
          }
          return seen;
        });
      const [first, second] = await Promise.all([watch(acme), watch(globex)]);
      expect(first).toEqual(Array(turns).fill(acme));
      expect(second).toEqual(Array(turns).fill(globex));
    });
  });

  describe('enter', () => {
    it('sets the tenant for the rest of the CLS context, and for no other', () => {
      cls.run(() => {
        tenancy.enter(acme);
        expect(tenancy.current()).toBe(acme);
        tenancy.enter(globex);
        expect(tenancy.current()).toBe(globex);
      });
      cls.run(() => {
        expect(() => tenancy.current()).toThrow(missing);
      });
    });

    it('has nowhere to put the tenant outside of a CLS context', () => {
      expect(() => {
        tenancy.enter(acme);
      }).toThrow(missing);
    });

    it.each([
      ['without a tenant', {}],
      ['whose tenant is null', { tenant: null }],
      ['whose tenant has no id', { tenant: {} }],
      ['whose tenant id is empty', { tenant: { id: '' } }],
      ['whose tenant id is that of health checks', { tenant: { id: '(health)' } }],
      ['whose tenant id is a number', { tenant: { id: 7 } }],
      ['whose tenant id is an object', { tenant: { id: { toString: () => 'acme' } } }],
    ])('refuses a context %s, and sets nothing', (_, context) => {
      cls.run(() => {
        expect(() => {
          tenancy.enter(context as TenantContext);
        }).toThrow(missing);
        expect(() => tenancy.current()).toThrow(missing);
      });
    });
  });

  describe('find', () => {
    it('has the tenant where one was entered, and nothing elsewhere', () => {
      expect(tenancy.runAs(acme, () => tenancy.find())).toBe(acme);
      expect(tenancy.find()).toBeUndefined();
      expect(cls.run(() => tenancy.find())).toBeUndefined();
    });
  });

  describe('current', () => {
    it('says what to do when nobody has entered a tenant', () => {
      expect(() => tenancy.current()).toThrow(JsRuntimeError);
      expect(() => tenancy.current()).toThrow(/TenancyService\.enter\(\)/);
    });
  });
});
