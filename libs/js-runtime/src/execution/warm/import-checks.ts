import type { BridgedExecution } from '../../bridge/execution-bridge.ts';
import { areCurrent } from '../../compiler/linked-imports.ts';
import type { CompilerService } from '../../compiler/compiler.service.ts';
import type { LinkedModules } from '../../process/linked-modules.ts';
import { withinBudget } from '../../security/metered-call.ts';

/** One question for all that a realm's modules import. */
class Check {
  /** Whether it is answered, or nobody waits for that any more. */
  isOver = false;
  waiting = 0;
  /** Who asks while it is under way is told by this one: the answer may have been on its way already. */
  next: { readonly check: Check; readonly answer: Promise<boolean> } | undefined;
  // Made for who looks: most are answered at once.
  #over: AbortController | undefined;
  #ended: PromiseWithResolvers<undefined> | undefined;

  get signal(): AbortSignal {
    this.#over ??= new AbortController();
    if (this.isOver) this.#over.abort();
    return this.#over.signal;
  }

  /** Settles when it is over. */
  get ended(): Promise<undefined> {
    this.#ended ??= Promise.withResolvers();
    if (this.isOver) this.#ended.resolve(undefined);
    return this.#ended.promise;
  }

  end(): void {
    this.isOver = true;
    this.#over?.abort();
    this.#ended?.resolve(undefined);
  }
}

/** Asks whether what realms were linked with is still what their imports come to: once for all who ask at about the same time. */
export class ImportChecks {
  readonly #underWay = new Map<LinkedModules, Check>();

  constructor(private readonly compiler: Pick<CompilerService, 'moduleLookupFor'>) {}

  /**
   * @returns at once when the resolver does
   * @throws what the resolver throws, and what the budget may end with
   */
  areCurrent(linked: LinkedModules, execution: BridgedExecution): boolean | Promise<boolean> {
    const before = this.#underWay.get(linked);
    if (!before) {
      const check = new Check();
      const answer = this.#ask(linked, execution, check);
      return typeof answer === 'boolean' ? answer : this.#wait(linked, check, answer, execution);
    }
    if (!before.next || before.next.check.isOver) before.next = this.#after(before, linked, execution);
    const { check, answer } = before.next;
    return this.#wait(linked, check, answer, execution);
  }

  #after(
    before: Check,
    linked: LinkedModules,
    execution: BridgedExecution,
  ): { check: Check; answer: Promise<boolean> } {
    const check = new Check();
    const answer = before.ended.then(async () => check.waiting > 0 && this.#ask(linked, execution, check));
    return { check, answer };
  }

  /** With the context of whoever asks first: modules are a tenant's. */
  #ask(linked: LinkedModules, { context, budget }: BridgedExecution, check: Check): boolean | Promise<boolean> {
    const lookup = this.compiler.moduleLookupFor(context, budget.tracker.limits);
    const answer = areCurrent(linked, lookup, check);
    if (typeof answer === 'boolean') this.#end(linked, check);
    else this.#underWay.set(linked, check);
    return answer;
  }

  async #wait(
    linked: LinkedModules,
    check: Check,
    answer: Promise<boolean>,
    { budget }: BridgedExecution,
  ): Promise<boolean> {
    check.waiting++;
    try {
      return await withinBudget(answer, budget);
    } finally {
      check.waiting--;
      if (check.waiting === 0) this.#end(linked, check);
    }
  }

  #end(linked: LinkedModules, check: Check): void {
    if (this.#underWay.get(linked) === check) this.#underWay.delete(linked);
    check.end();
  }
}
