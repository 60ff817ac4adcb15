import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { JsRuntimeOptions } from './config/options.schema.ts';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<JsRuntimeOptions>({
  moduleName: 'JsRuntime',
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();
