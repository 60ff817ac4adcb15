import { HostResolver } from '../../src/script-apis/http/host-resolver.ts';

/** DNS as a test has it: the answers of a host one after the other, the last of them for ever. */
export class FixedResolver extends HostResolver {
  readonly asked: string[] = [];

  constructor(private readonly hosts: Readonly<Record<string, readonly (readonly string[])[]>>) {
    super();
  }

  override resolve(host: string): Promise<readonly string[]> {
    const answers = this.hosts[host] ?? [];
    const turn = this.asked.filter((other) => other === host).length;
    this.asked.push(host);
    return Promise.resolve(answers[Math.min(turn, answers.length - 1)] ?? []);
  }
}
