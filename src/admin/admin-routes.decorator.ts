import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { Public } from '../tenancy/public.decorator.ts';
import { AdminGuard } from './admin.guard.ts';

/** For routes of operators: the admin key is needed, and there is no tenant. */
export function AdminRoutes(): ClassDecorator & MethodDecorator {
  return applyDecorators(Public(true), UseGuards(AdminGuard), ApiBearerAuth('admin'));
}
