import { Place, RecencyList } from './recency-list.ts';

describe('RecencyList', () => {
  it('has first what was used longest ago, whatever came, was used and went', () => {
    const list = new RecencyList<number>();
    const places = Array.from({ length: 10 }, (_, n) => new Place(n));
    let model: number[] = [];
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 5000; step++) {
      const place = places[random(10)] as Place<number>;
      const { item } = place;
      const others = model.filter((one) => one !== item);
      if (!model.includes(item)) {
        list.add(place);
        model.push(item);
      } else if (random(3) > 0) {
        list.touch(place);
        model = [...others, item];
      } else {
        list.remove(place);
        model = others;
      }
      expect(list.oldest).toBe(model[0]);
    }
  });
});
