import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { COMPILED_OPTIONS, showOptions, type CompiledOptions } from 'nestjs-js-runtime';
import { showVariables } from '../config/show-variables.ts';

/** Says at the start what is in effect, in one line: what was `set`, and what is as it is by default, by variables. No secrets. */
@Injectable()
export class ConfigurationLog implements OnApplicationBootstrap {
  readonly #logger = new Logger('Configuration');

  constructor(@Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions) {}

  onApplicationBootstrap(): void {
    const set: Record<string, unknown> = {};
    const defaults: Record<string, unknown> = {};
    for (const { variable, value, isDefault } of [...showVariables(process.env), ...showOptions(this.options)]) {
      (isDefault ? defaults : set)[variable] = value ?? null;
    }
    this.#logger.log('In effect', { set, defaults });
  }
}
