import { ClsServiceManager } from 'nestjs-cls';
import { currentExecutionId, TenancyService } from 'nestjs-js-runtime';

/** What every line has of the request and the execution that it was written in. */
export interface LogContext {
  readonly tenantId?: string;
  readonly requestId?: string;
  readonly executionId?: string;
}

/** The same that Nest injects, which is not there yet when the first lines are written. */
const cls = ClsServiceManager.getClsService();
const tenancy = new TenancyService(cls);

/** For whom this call chain works. Ids that nobody has set are left out. */
export function logContext(): LogContext {
  if (!cls.isActive()) return {};
  const tenantId = tenancy.find()?.tenant.id;
  const requestId = cls.getId() as string | undefined;
  const executionId = currentExecutionId();
  return {
    ...(tenantId !== undefined && { tenantId }),
    ...(requestId !== undefined && { requestId }),
    ...(executionId !== undefined && { executionId }),
  };
}
