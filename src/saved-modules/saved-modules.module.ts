import { Global, Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.ts';
import { ModuleStore } from './module-store.ts';
import { SavedModulesController } from './saved-modules.controller.ts';
import { SavedModulesService } from './saved-modules.service.ts';

/** Global for the SavedModuleResolver, which is a provider of JsRuntimeModule's. */
@Global()
@Module({
  imports: [StorageModule],
  controllers: [SavedModulesController],
  providers: [ModuleStore, SavedModulesService],
  exports: [ModuleStore],
})
export class SavedModulesModule {}
