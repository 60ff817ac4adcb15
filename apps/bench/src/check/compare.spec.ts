import { differencesOf, renewed, textOf, type CountsByScenario } from './compare.ts';

const BASELINE: CountsByScenario = {
  trivial: { 'path.host.promises': 50, 'path.vm.writes': 1 },
  refused: { 'path.host.promises': 20 },
};

/** The lines for a scenario `trivial` that has one count more, or another one, than the baseline. */
function linesWith(counts: Readonly<Record<string, number>>): string[] {
  return differencesOf(BASELINE, { ...BASELINE, trivial: { ...BASELINE.trivial, ...counts } }).map(textOf);
}

/** The lines for a scenario with nothing but this count, in the baseline and now. */
function linesFor(what: string, baseline: number, now: number): string[] {
  return differencesOf({ trivial: { [what]: baseline } }, { trivial: { [what]: now } }).map(textOf);
}

describe('differencesOf', () => {
  it('finds none between equal counts', () => {
    expect(differencesOf(BASELINE, structuredClone(BASELINE))).toEqual([]);
  });

  it('finds a count that is more, with both', () => {
    expect(linesWith({ 'path.host.promises': 51 })).toEqual(['MORE  trivial  path.host.promises  baseline 50  now 51']);
  });

  it('finds a count that is less', () => {
    expect(linesWith({ 'path.vm.writes': 0.5 })).toEqual(['LESS  trivial  path.vm.writes  baseline 1  now 0.5']);
  });

  it('takes a count that the baseline does not have for more than none', () => {
    expect(linesWith({ 'path.host.setTimeout': 1 })).toEqual([
      'MORE  trivial  path.host.setTimeout  baseline 0  now 1',
    ]);
  });

  it('takes a count that is not there any more for less', () => {
    const now = { ...BASELINE, trivial: { 'path.host.promises': 50 } };
    expect(differencesOf(BASELINE, now).map(textOf)).toEqual(['LESS  trivial  path.vm.writes  baseline 1  now 0']);
  });

  it('finds every count of a scenario that only one of both has', () => {
    const { refused = {}, ...others } = BASELINE;
    expect(differencesOf(BASELINE, others).map(textOf)).toEqual([
      'LESS  refused  path.host.promises  baseline 20  now 0',
    ]);
    expect(differencesOf({}, { refused }).map(textOf)).toEqual([
      'MORE  refused  path.host.promises  baseline 0  now 20',
    ]);
  });

  it.each([
    ['path.vm.bytes written', 1000, 1018],
    ['path.vm.bytes written', 1000, 982],
    ['path.host.bytes of JSON.parse', 40, 48],
    ['path.host.heap bytes', 100_000, 106_024],
    ['path.host.heap bytes', 100_000, 93_976],
    ['after.vm.Isolate.dispose', 0, 0.167],
    ['after.vm.Reference.applySync', 1.083, 1],
  ])(
    'allows for digits, for more on a heap, and for what is done now and then: %s, %i and %i',
    (what, baseline, now) => {
      expect(linesFor(what, baseline, now)).toEqual([]);
    },
  );

  it.each([
    ['path.vm.bytes written', 1000, 1019],
    ['path.vm.bytes written', 1000, 981],
    ['path.host.heap bytes', 100_000, 106_025],
    ['path.host.heap bytes', 100_000, 93_975],
    ['after.vm.Isolate.dispose', 0, 0.25],
    // Not bytes, however many.
    ['path.host.promises', 100_000, 100_001],
  ])('allows for no more than that: %s, %i and %i', (what, baseline, now) => {
    expect(linesFor(what, baseline, now)).toHaveLength(1);
  });
});

describe('renewed', () => {
  it('has the counts of now, and of the former baseline only what is the same', () => {
    const baseline = { trivial: { 'path.host.promises': 50, 'path.vm.bytes written': 100, 'path.vm.setTimeout': 1 } };
    const now = {
      trivial: { 'path.host.promises': 49, 'path.vm.bytes written': 101, 'path.vm.writes': 1 },
      refused: {},
    };
    expect(renewed(baseline, now)).toEqual({
      trivial: { 'path.host.promises': 49, 'path.vm.bytes written': 100, 'path.vm.writes': 1 },
      refused: {},
    });
  });
});
