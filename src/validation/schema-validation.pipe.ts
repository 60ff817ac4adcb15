import { Injectable, StandardSchemaValidationPipe } from '@nestjs/common';
import { invalidRequest } from './invalid-request.ts';

/** Validates what a controller declares a schema for. */
@Injectable()
export class SchemaValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: invalidRequest });
  }

  /** Nest would silently drop members named `__proto__`, `constructor` or `prototype`; in a script's input they are data. */
  protected override stripProtoKeys(): void {
    // Bodies are never merged into anything.
  }
}
