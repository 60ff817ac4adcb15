import { Injectable } from '@nestjs/common';
import { EchoApi } from '../../test-support/sample-apis.ts';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { PermissionPolicy, PermissionRequest } from '../security/permission-policy.ts';

const FUNCTION = { wrap: 'function' } as const;
const SECRET = 'return await echo.secret()';
const SAY = 'return await echo.say("said")';

describe('Permissions', () => {
  let runtime: TestRuntime;

  afterEach(async () => runtime.close());

  const outcome = async (tenant: string, script: string): Promise<unknown> =>
    runtime.runAs(tenant, script, FUNCTION).then(
      ({ value }) => value,
      (error: unknown) => [(error as JsRuntimeError).code, (error as JsRuntimeError).message],
    );

  it('are none, unless somebody gives some', async () => {
    runtime = await startRuntime({}, {}, [EchoApi]);
    expect(await outcome('acme', SAY)).toEqual(['PERMISSION_DENIED', 'echo.say needs the permission echo:say']);
    expect(runtime.get(EchoApi).calls).toBe(0);
  });

  it('are those of the tenant, and what is denied is denied', async () => {
    const tenants = {
      acme: { permissions: ['echo:*'] },
      globex: { permissions: ['*', '!secrets:*'] },
      initech: { permissions: ['secrets:read'] },
    };
    runtime = await startRuntime({ tenants }, {}, [EchoApi]);
    const denied = ['PERMISSION_DENIED', 'echo.secret needs the permission secrets:read'];
    expect([await outcome('acme', SAY), await outcome('acme', SECRET)]).toEqual(['said', denied]);
    expect([await outcome('globex', SAY), await outcome('globex', SECRET)]).toEqual(['said', denied]);
    expect(await outcome('initech', SECRET)).toBe('secret');
    expect(runtime.get(EchoApi).calls).toBe(3);
  });

  it('can be caught by their code, and the script goes on', async () => {
    runtime = await startRuntime({ permissions: ['echo:*'] }, {}, [EchoApi]);
    const script = 'try { await echo.secret(); } catch (error) { return [error.code, await echo.say(1)]; }';
    expect(await outcome('acme', script)).toEqual(['PERMISSION_DENIED', 1]);
  });

  it('are what an injected policy says, which is asked at each call', async () => {
    const asked: PermissionRequest[] = [];
    @Injectable()
    class OnlyAdmins implements PermissionPolicy {
      async isPermitted(request: PermissionRequest): Promise<boolean> {
        asked.push(request);
        await Promise.resolve();
        return request.context.user?.id === 'admin';
      }
    }
    runtime = await startRuntime({}, { permissionPolicy: OnlyAdmins }, [EchoApi]);
    const admin = { tenant: { id: 'acme' }, user: { id: 'admin' } };
    expect((await runtime.runAs(admin, SECRET, FUNCTION)).value).toBe('secret');
    expect(await outcome('acme', SECRET)).toEqual([
      'PERMISSION_DENIED',
      'echo.secret needs the permission secrets:read',
    ]);
    expect(asked[0]).toEqual({ permission: 'secrets:read', api: 'echo.secret', context: admin });
  });

  it.each([
    ['fails', new Error('the policy is away')],
    ['fails with what no script can be told', new JsRuntimeError('PERMISSION_DENIED', 'x'.repeat(100_000))],
    ['fails with nothing', undefined],
  ])('are refused when the policy %s', async (_, failure) => {
    class Broken implements PermissionPolicy {
      isPermitted(): boolean {
        throw failure as Error;
      }
    }
    runtime = await startRuntime({}, { permissionPolicy: Broken }, [EchoApi]);
    expect(await outcome('acme', SAY)).toEqual(['API_CALL_FAILED', 'echo.say failed']);
    expect(runtime.get(EchoApi).calls).toBe(0);
  });
});
