import { join } from 'node:path';

/** Processes that tests start count too: a Node that makes them do so stands in for the one that runs the tests. */
process.execPath = join(process.env.COVERAGE_DIRECTORY, 'node');
