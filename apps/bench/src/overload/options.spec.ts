import { readOptions } from './options.ts';

describe('readOptions', () => {
  it('measures at length, in process, with charts, unless asked otherwise', () => {
    expect(readOptions([])).toEqual({ isQuick: false, isHttp: false, hasCharts: true, out: undefined });
    expect(readOptions(['--quick', '--http', '--no-charts', '--out', 'there'])).toEqual({
      isQuick: true,
      isHttp: true,
      hasCharts: false,
      out: 'there',
    });
    expect(readOptions(['--help', '--quick'])).toBe('help');
  });

  it.each([
    [['--slow'], /--slow/],
    [['quick'], /quick/],
    [['--out', ' '], /must be a folder/],
  ])('refuses %j, and says why', (args, problem) => {
    expect(() => readOptions(args)).toThrow(problem);
  });
});
