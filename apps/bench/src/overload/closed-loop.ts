import { nowMs } from './clock.ts';
import { Observed } from './observed.ts';
import type { Plan } from './plan.ts';
import { TRIVIAL, type Target } from './target.ts';
import { tenantOf } from './tenants.ts';

/** So many callers, each of which asks again as soon as it has its answer: what can be done, and no more than that is asked. */
export async function runClosedLoop(target: Target, plan: Plan): Promise<Observed> {
  const observed = new Observed({ fromMs: plan.risingMs, toMs: plan.levelMs });
  const startsAt = nowMs();
  const callers = Array.from({ length: plan.inFlight }, async (_, index) => {
    const tenantId = tenantOf(index, plan.tenants);
    for (;;) {
      const dueAt = nowMs();
      const atMs = dueAt - startsAt;
      if (atMs >= plan.levelMs) return;
      observed.ended({ dueAt, atMs }, await target.request(tenantId, TRIVIAL));
    }
  });
  await Promise.all(callers);
  return observed;
}
