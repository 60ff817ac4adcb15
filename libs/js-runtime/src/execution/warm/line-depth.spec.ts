import { LineDepth } from './line-depth.ts';

describe('LineDepth', () => {
  let depth: LineDepth;

  beforeEach(() => {
    depth = new LineDepth();
  });

  const took = (ms: number, times: number): void => {
    for (let n = 0; n < times; n++) depth.took(ms);
  };

  it('is one until it is known how long they take', () => {
    expect(depth.most).toBe(1);
  });

  it('is what fits into two milliseconds', () => {
    took(0.5, 200);
    expect(depth.most).toBe(3);
    took(0.1, 200);
    expect(depth.most).toBe(19);
  });

  it('is bounded, and at least one', () => {
    took(0, 500);
    expect(depth.most).toBe(64);
    took(1000, 500);
    expect(depth.most).toBe(1);
  });

  it('falls with the first that takes long', () => {
    took(0.01, 500);
    depth.took(20);
    expect(depth.most).toBe(1);
  });
});
