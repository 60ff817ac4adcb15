import { Injectable } from '@nestjs/common';
import { ScriptApi, ScriptMethod } from 'nestjs-js-runtime';
import { next, type Step } from '../../workload.ts';
import { STEP } from './step.ts';

/** What deployed functions call. */
export class CallsApi {
  async next(step: Step): Promise<Step> {
    return next(step);
  }
}

// As decorators would: Node runs this file as it is, and has none.
Injectable()(CallsApi);
ScriptApi('bench')(CallsApi);
ScriptMethod({ permission: 'bench:next', input: STEP, output: STEP })(
  CallsApi.prototype,
  'next',
  Object.getOwnPropertyDescriptor(CallsApi.prototype, 'next') ?? {},
);
