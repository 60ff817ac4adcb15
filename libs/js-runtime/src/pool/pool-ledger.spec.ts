import { RETIRE_REASONS } from '../process/retire-reason.ts';
import { PoolLedger } from './pool-ledger.ts';

const noReasons = Object.fromEntries(RETIRE_REASONS.map((reason) => [reason, 0]));
const nothing = { created: 0, destroyed: 0, errors: 0, requested: 0, refused: {}, released: 0 };

describe('PoolLedger', () => {
  it('begins with nothing, and names every reason for which a VM may end', () => {
    expect(new PoolLedger().totals()).toMatchObject({ ...nothing, waits: { count: 0, sumMs: 0 } });
    expect(new PoolLedger().totals().destroyedBy).toEqual(noReasons);
  });

  it.each<[string, (ledger: PoolLedger) => void, object]>([
    [
      'a VM that became ready',
      (ledger) => {
        ledger.created();
      },
      { created: 1 },
    ],
    [
      'a start that failed',
      (ledger) => {
        ledger.startFailed();
      },
      { errors: 1 },
    ],
    [
      'a lease that was asked for',
      (ledger) => {
        ledger.requested();
      },
      { requested: 1 },
    ],
    [
      'a lease that was given back',
      (ledger) => {
        ledger.released();
      },
      { released: 1 },
    ],
    [
      'one who was refused',
      (ledger) => {
        ledger.refused('TENANT_BUSY');
      },
      { refused: { TENANT_BUSY: 1 } },
    ],
  ])('counts %s, and nothing else', (_, happens, change) => {
    const ledger = new PoolLedger();
    happens(ledger);
    expect(ledger.totals()).toEqual({
      ...nothing,
      destroyedBy: noReasons,
      waits: new PoolLedger().totals().waits,
      ...change,
    });
  });

  it.each([...RETIRE_REASONS])('counts a VM that ended for the reason %p, in sum and by reason', (reason) => {
    const ledger = new PoolLedger();
    ledger.destroyed(reason);
    ledger.destroyed(reason);
    expect(ledger.totals()).toMatchObject({ destroyed: 2, destroyedBy: { ...noReasons, [reason]: 2 } });
  });

  it('counts who was refused by the code of the error', () => {
    const ledger = new PoolLedger();
    for (const code of ['CANCELLED', 'TENANT_BUSY', 'CANCELLED'] as const) ledger.refused(code);
    expect(ledger.totals().refused).toEqual({ CANCELLED: 2, TENANT_BUSY: 1 });
  });

  it('counts leases by how long they were waited for', () => {
    const ledger = new PoolLedger();
    for (const waitedMs of [0, 0, 7]) ledger.leased(waitedMs);
    const { count, sumMs, counts } = ledger.totals().waits;
    expect({ count, sumMs }).toEqual({ count: 3, sumMs: 7 });
    expect(counts.slice(0, 7)).toEqual([2, 0, 0, 0, 0, 1, 0]);
  });

  it('gives totals that do not change afterwards, nor can be used to change it', () => {
    const ledger = new PoolLedger();
    const before = ledger.totals();
    ledger.destroyed('age');
    ledger.refused('CANCELLED');
    ledger.leased(1);
    expect(before).toMatchObject({ destroyed: 0, destroyedBy: { age: 0 }, refused: {}, waits: { count: 0 } });
    Object.assign(ledger.totals().destroyedBy, { age: 99 });
    Object.assign(ledger.totals().refused, { CANCELLED: 99 });
    expect(ledger.totals()).toMatchObject({ destroyedBy: { age: 1 }, refused: { CANCELLED: 1 } });
  });

  it('is nobody else’s', () => {
    const [one, other] = [new PoolLedger(), new PoolLedger()];
    one.created();
    one.destroyed('wall');
    expect(other.totals()).toMatchObject({ created: 0, destroyed: 0, destroyedBy: noReasons });
  });
});
