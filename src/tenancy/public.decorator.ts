import { Reflector } from '@nestjs/core';

/** Lets a controller be reached without credentials; it then has no tenant. */
export const Public = Reflector.createDecorator<boolean>();
