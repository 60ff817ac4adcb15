/** Told apart by those who do not see all colours as well (Okabe and Ito, https://jfly.uni-koeln.de/color/). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#8a7a00', '#7a4fb5'];
const TEXT = '#333333';
const LINES = '#d8d8d8';
const FONT = { color: TEXT, fontFamily: 'system-ui, sans-serif' };

export interface LegendEntry {
  readonly name: string;
  readonly icon?: string;
}

/** A card of its own colour, so that it can be read on a light and on a dark page. */
export function frame(title: string, entries: readonly LegendEntry[]): object {
  return {
    animation: false,
    backgroundColor: '#ffffff',
    color: COLORS,
    textStyle: FONT,
    title: { text: title, left: 'center', top: 12, textStyle: { ...FONT, fontSize: 16 } },
    legend: { show: entries.length > 1, bottom: 8, itemGap: 28, selectedMode: false, data: entries, textStyle: FONT },
    grid: { left: 72, right: 36, top: 64, bottom: 96 },
  };
}

/** Below this a logarithmic scale has too few powers of ten to be read. */
const FEW_TENS = 100;

export interface Scale {
  readonly title: string;
  readonly isLog: boolean;
  readonly values: readonly number[];
}

/** @throws RangeError when a logarithmic scale is to show what it cannot */
export function valueAxis({ title, isLog, values }: Scale): object {
  if (isLog && !values.every((value) => value > 0)) {
    throw new RangeError(`'${title}' is logarithmic, and has values that are not above 0`);
  }
  const logBase = Math.max(...values) / Math.min(...values) < FEW_TENS ? 2 : 10;
  return {
    ...(isLog ? { type: 'log', logBase, ...startOfLog(values) } : { type: 'value' }),
    name: title,
    nameLocation: 'middle',
    nameTextStyle: { ...FONT, fontSize: 13 },
    axisLabel: FONT,
    axisLine: { show: true, lineStyle: { color: TEXT } },
    splitLine: { lineStyle: { color: LINES } },
  };
}

/** Bars would else start from 1, and those below it hang down. */
function startOfLog(values: readonly number[]): object {
  const min = 10 ** Math.floor(Math.log10(Math.min(...values)));
  return { min, startValue: min };
}

export function groupAxis(groups: readonly string[]): object {
  return {
    type: 'category',
    data: groups,
    // All of them, in as many lines as they take.
    axisLabel: { ...FONT, interval: 0, width: Math.floor(700 / Math.max(1, groups.length)), overflow: 'break' },
    axisLine: { lineStyle: { color: TEXT } },
    axisTick: { show: false },
  };
}
