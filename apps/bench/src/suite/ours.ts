/** What the library's own peers are called: without their figures there is nothing to report. */
export const OURS = 'js-runtime';
export const OURS_WARM = 'js-runtime-warm';
