import { LineDepth } from './line-depth.ts';

describe('LineDepth', () => {
  let depth: LineDepth;

  beforeEach(() => {
    depth = new LineDepth();
  });

  const took = (ms: number, times: number): void => {
    for (let n = 0; n < times; n++) depth.took(ms, ms);
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
    depth.took(20, 20);
    expect(depth.most).toBe(1);
  });

  it('is as many as can be beside each other, of those that wait', () => {
    depth = new LineDepth(8);
    for (let n = 0; n < 5; n++) depth.took(100, 0.1);
    expect(depth.most).toBe(8);
    for (let n = 0; n < 200; n++) depth.took(100, 25);
    expect(depth.most).toBe(2);
  });

  it('is one for those that wait, where none may be beside another', () => {
    for (let n = 0; n < 200; n++) depth.took(100, 0.1);
    expect(depth.most).toBe(1);
  });

  it('goes by the CPU, where some may be beside others', () => {
    depth = new LineDepth(8);
    for (let n = 0; n < 200; n++) depth.took(1, 0.1);
    expect(depth.most).toBe(15);
    for (let n = 0; n < 200; n++) depth.took(3, 3);
    expect(depth.most).toBe(1);
  });
});
